// Matches the columns of a file to those of a table (https://iceberg.apache.org/spec/#column-projection).
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace parquet::arrow {
class FileReader;
}

namespace earthcatalog::geoparquet {

/// The file's columns, by the names that the table has for them. Ours are written as they are, and have the key "geo".
std::shared_ptr<arrow::Schema> columns_of(const parquet::arrow::FileReader& reader);

/// The Iceberg id of a column that was read from a file.
std::optional<int> field_id_of(const arrow::Field& field);

/// Finds columns by field id. Rows either have field ids or they have none, members of structs included: without them
/// columns are found by name.
class ColumnFinder {
 public:
  enum class Names : std::uint8_t {
    kOwn,     ///< the name in the schema: rows that were never in a file of the table
    kMapped,  ///< those of the table's name mapping, if there is one
  };
  ColumnFinder(const arrow::Schema& rows, Names names);
  /// The number of the field that is `wanted`, or -1. `likely`: where it is in files of the same order, looked at
  /// first.
  int find(const arrow::FieldVector& fields, const iceberg::NestedField& wanted, std::size_t likely) const;

 private:
  bool is(const arrow::Field& field, const iceberg::NestedField& wanted) const;
  Names names_;
  bool by_id_ = false;
};

/// conform() of rows of a file whose columns `finder` knows.
Result<std::shared_ptr<arrow::RecordBatch>> conform_file(const arrow::RecordBatch& rows, const iceberg::Schema& schema,
                                                         const ColumnFinder& finder);

}  // namespace earthcatalog::geoparquet
