// What the footer of a file says, without its rows: its columns, and its description for a manifest.
#pragma once

#include <cstdint>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::geoparquet {

struct FileSchema {
  iceberg::Schema schema;      ///< ids 0 unless `has_field_ids`
  bool has_field_ids = false;  ///< of all columns and members of structs, or of none
  std::int64_t rows = 0;
};

/// The columns of a file as Iceberg's. kNotFound when it does not exist; kInvalidData when it is no Parquet file, or
/// some columns have a field id and others none; kUnsupported names a column of a type that schema.h lacks.
Result<FileSchema> read_file_schema(const storage::Location& where, std::int64_t size_bytes);

/// Describes a file that exists for a manifest: path, size, rows, split offsets, column sizes, counts and bounds as far
/// as the footer's statistics give them; no NaN counts, which no footer has. Columns are found in `schema` by field id
/// or, in a file without any, by name. Bounds are those that the writer would have given (docs/warehouse_format.md).
Result<iceberg::DataFile> describe_file(const storage::Location& where, std::int64_t size_bytes,
                                        const iceberg::Schema& schema, const iceberg::PartitionKey& partition);

}  // namespace earthcatalog::geoparquet
