// The problems file of an earlier run as an inventory. Internal to the module.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/inventory/formats/byte_source.h"
#include "earthcatalog/inventory/formats/row.h"

namespace earthcatalog::inventory {

/// Lines are JSON objects {bucket, key, kind, reason, offset}; empty lines are skipped. A line names a pending object
/// when its kind is "pending" or begins with "pending" and a character that is no letter ("pending:denied"), or when
/// it has a member "outcome" that is "pending". The objects' size, last_modified and etag are taken when there.
std::unique_ptr<RowReader> open_problem_rows(std::unique_ptr<ByteSource> source, std::string uri);

}  // namespace earthcatalog::inventory
