// Reads our GeoParquet files, those of the peer (no field ids), and those of other engines.
//
// Rows of a table are read by the table's schema: other engines spell names otherwise ("proj_x3Acode" for "proj:code"),
// and columns are renamed. Nothing else finds a column of a data file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace parquet {
class FileMetaData;
}
namespace arrow {
class MemoryPool;
class RecordBatch;
class Schema;
namespace io {
class RandomAccessFile;
}
}  // namespace arrow

namespace earthcatalog::geoparquet {

/// Rows one batch after the other. Not thread-safe.
class RowStream {
 public:
  virtual ~RowStream() = default;
  /// The next rows, at least one; null at the end. After an error only the destructor may follow.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> next() = 0;
};

/// A file opened for reading: by row group, some columns or all. Not thread-safe; any number of readers may work at
/// once.
class FileReader {
 public:
  /// `size_bytes` known from a manifest saves a request. An error names the file: kNotFound when it does not exist,
  /// kInvalidData when it is no Parquet file or a broken one. What is read lies in `pool` (none: Arrow's default one),
  /// which must outlive it.
  static Result<std::unique_ptr<FileReader>> open(const storage::Location& where,
                                                  std::optional<std::int64_t> size_bytes = {},
                                                  arrow::MemoryPool* pool = nullptr);
  /// The same of a URI.
  static Result<std::unique_ptr<FileReader>> open(storage::Stores& stores, const std::string& uri,
                                                  std::optional<std::int64_t> size_bytes = {},
                                                  arrow::MemoryPool* pool = nullptr);
  /// The rows of a data file that are in its table: those that its position delete files name are passed over, as if
  /// they were not in the file.
  static Result<std::unique_ptr<FileReader>> open(storage::Stores& stores, const iceberg::DataFile& file,
                                                  arrow::MemoryPool* pool = nullptr);
  /// The same of a file that is open already; `name` is for messages.
  static Result<std::unique_ptr<FileReader>> open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const std::string& name, arrow::MemoryPool* pool = nullptr);
  virtual ~FileReader() = default;

  /// Returns the name of the file in messages.
  virtual const std::string& name() const = 0;
  virtual const parquet::FileMetaData& footer() const = 0;
  /// Returns the size of the footer as the end of the file says it. Where footer().size() is less, the rest of it makes
  /// no sense.
  virtual std::int64_t footer_bytes() const = 0;
  /// All columns of the file, with their field ids as metadata "PARQUET:field_id". A name that Iceberg wrote in Avro's
  /// letters is given back as the table has it.
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  /// Those of the file; fewer are read when some are deleted.
  virtual std::int64_t rows() const = 0;
  /// Rows that are read.
  virtual std::int64_t live_rows() const = 0;
  virtual int row_groups() const = 0;
  /// The rows of one row group with exactly the columns of `schema` (a table's, or some of its fields), as conform()
  /// makes them. A column is found by its field id; in a file without field ids by the names that the table's name
  /// mapping has for it, or by its own name when the table has no mapping. One that the file lacks is null.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> read_rows(int row_group, const iceberg::Schema& schema) = 0;
  /// All rows in the file's order, at most `batch_rows` at a time, with the columns of read_rows(). Memory is one row
  /// group as it lies in the file, a page of each column, and what next() gave. The reader must outlive it and do
  /// nothing else meanwhile.
  virtual std::unique_ptr<RowStream> stream_rows(const iceberg::Schema& schema, std::int64_t batch_rows) = 0;

  /// The rows of one row group as the file has them, for files that are read without a table; `columns` by name, all
  /// when empty, in the file's order. Columns that the file lacks are left out.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> read_row_group(int row_group,
                                                                     const std::vector<std::string>& columns) = 0;
  /// The same of all rows, as stream_rows() gives them.
  virtual std::unique_ptr<RowStream> stream(const std::vector<std::string>& columns, std::int64_t batch_rows) = 0;
  /// Returns the size of the largest row group, as it lies in the file.
  virtual std::int64_t row_group_bytes() const = 0;
};

/// `rows` with exactly the columns of `schema`, without metadata. Columns are found by field id or, where `rows` has no
/// field ids at all, by name; missing ones are null. A value of another type is converted when that loses nothing
/// (int to long, large strings to strings, milliseconds to microseconds, a time without zone to UTC); kInvalidData
/// names the column otherwise.
Result<std::shared_ptr<arrow::RecordBatch>> conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const iceberg::Schema& schema);

}  // namespace earthcatalog::geoparquet
