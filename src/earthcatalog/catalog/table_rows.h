// Which items have rows in a data file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

/// Calls `visit(identity, updated)` for each row of `file`, which has columns of `schema`. Memory is three columns of
/// a row group.
Status for_each_row(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                    const std::function<Status(const Hash128&, std::optional<TimeMicros>)>& visit);

}  // namespace earthcatalog::catalog
