// Reads our GeoParquet files, those of the peer (no field ids), and rows that PyIceberg appended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace earthcatalog::geoparquet {

/// A file opened for reading: by row group, some columns or all.
class FileReader {
 public:
  /// `size_bytes` known from a manifest saves a request. An error names the file.
  static Result<std::unique_ptr<FileReader>> open(const storage::Location& where,
                                                  std::optional<std::int64_t> size_bytes = {});
  virtual ~FileReader() = default;

  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  virtual std::int64_t rows() const = 0;
  virtual int row_groups() const = 0;
  /// The rows of one row group; `columns` by name, all when empty. Columns that the file lacks are left out.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> read_row_group(int row_group,
                                                                     const std::vector<std::string>& columns) = 0;
};

/// `rows` with exactly the columns of `schema`, by field id or, where the file has none, by name; missing ones null.
Result<std::shared_ptr<arrow::RecordBatch>> conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const iceberg::Schema& schema);

}  // namespace earthcatalog::geoparquet
