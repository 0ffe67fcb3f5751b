// Rows of a data file that delete files of other engines name (https://iceberg.apache.org/spec/#position-delete-files).
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::geoparquet {

/// The positions, from 0 and below its record count, of the rows of `file` that its `deletes` name: ascending, each
/// once. Reads each of them whole; memory is a row group of one. Errors name the delete file.
Result<std::vector<std::int64_t>> deleted_rows(storage::Stores& stores, const iceberg::DataFile& file);

/// Returns true when a file with these columns is a position delete file, not a data file.
bool is_position_deletes(const iceberg::Schema& columns);

}  // namespace earthcatalog::geoparquet
