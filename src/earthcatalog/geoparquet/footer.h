// Reads the footer of a file, without its rows: its columns, and its description for a manifest.
#pragma once

#include <cstdint>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::geoparquet {

struct FileSchema {
  iceberg::Schema schema;      ///< ids 0 unless `has_field_ids`
  bool has_field_ids = false;  ///< of all columns and members of structs, or of none
  std::int64_t rows = 0;
};

/// The columns of a file as Iceberg's. kInvalidData when some columns have a field id and others none; kUnsupported
/// names a column of a type that schema.h lacks.
Result<FileSchema> file_schema(const FileReader& reader);

/// Describes a file that exists for a manifest: path (the reader's name), size, rows, split offsets, column sizes,
/// counts and bounds as far as the footer's statistics give them; no NaN counts, which no footer has. Columns, all or
/// none of which have field ids (file_schema()), are found in `schema` by id or else by name. Bounds are those that the
/// writer would have given (docs/format/warehouse_format.md).
Result<iceberg::DataFile> describe_file(const FileReader& reader, std::int64_t size_bytes,
                                        const iceberg::Schema& schema, const iceberg::PartitionKey& partition);

}  // namespace earthcatalog::geoparquet
