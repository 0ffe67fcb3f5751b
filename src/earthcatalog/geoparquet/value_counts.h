// Checks that all values of a data file were read, by the counts in its manifest.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::geoparquet {

/// Counts the values, not the nulls, of each column of rows that are to be written again. A rewriting that finds no
/// values where the manifest counts some would lose them. Not thread-safe.
class ValueCounts {
 public:
  explicit ValueCounts(const iceberg::Schema& schema) : schema_(schema), values_(schema.fields.size()) {}
  /// Rows with the columns of the schema.
  void add(const arrow::RecordBatch& rows);
  /// After all rows of `file`: kInvalidData names the file and a column of which fewer or more values were read than
  /// its counts say. Columns without counts pass, and files with deleted rows, whose counts are of all rows.
  Status check(const iceberg::DataFile& file) const;

 private:
  const iceberg::Schema schema_;
  std::vector<std::vector<std::int64_t>> values_;  // of a column, or of the members of a struct
};

}  // namespace earthcatalog::geoparquet
