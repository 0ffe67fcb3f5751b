// Items as a data file by itself, outside any run.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::ingest {

/// Writes the items of `ndjson`, one a line, as rows of `cell` into a new file, sorted as all data files are. The
/// columns are those of `itslive` when every item's collection is itslive-granules, else of `auto`. kInvalidArgument:
/// no item, or items of several years; kInvalidData names the line that holds none; kAlreadyExists.
Result<iceberg::DataFile> write_items(const storage::Location& where, std::string_view ndjson, const std::string& cell);

}  // namespace earthcatalog::ingest
