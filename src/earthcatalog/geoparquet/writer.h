// GeoParquet 1.1 files from sorted rows: https://geoparquet.org/releases/v1.1.0/, with Iceberg
// field ids. See docs/format/warehouse_format.md.
//
//   EC_ASSIGN_OR_RETURN(const FileWriter writer, FileWriter::make(schema, {}));
//   EC_ASSIGN_OR_RETURN(iceberg::DataFile file, writer.write(where, batches, {"81063ffffffffff", 48}));
//
//   EC_ASSIGN_OR_RETURN(FileStream stream, writer.open(where, {"81063ffffffffff", 48}, rows));  // batch by batch
//   EC_TRY(stream.append(batch));
//   EC_ASSIGN_OR_RETURN(iceberg::DataFile file, stream.finish());
//
// Files are created, never replaced.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::geoparquet {

struct WriteOptions {
  std::int64_t row_group_rows = kRowGroupRows;
  int max_row_groups = 4;  ///< more rows than row_group_rows * max_row_groups are an error of the caller
  int zstd_level = 1;      ///< of texts, 1 to 19; geometries and numbers get 2 more. Higher is slower, seldom smaller
  /// Declare geometry_bbox as the bbox covering. False for files of the cell "__none__"; a file without any geometry
  /// never declares one, because readers would find nothing in it.
  bool covering = true;
};

/// Gives the place of the next file. Asked again when an object is there already: a name that clashes is another's.
using NextPlace = std::function<Result<storage::Location>()>;

class FileStream;

/// Writes the files of one schema. Making one costs about as much as a file of 12 rows: keep it for all files of a
/// table's schema. Immutable; write() may run in many threads at once.
class FileWriter {
 public:
  /// kUnsupported for structs within structs; kInvalidArgument for options that make no sense.
  static Result<FileWriter> make(const iceberg::Schema& schema, const WriteOptions& options);
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;
  ~FileWriter();

  /// Writes one file and describes it for a manifest from what was written: path, size, counts, bounds, without
  /// reading it again. `batches` hold the rows in file order, with the columns of the schema in its order; their
  /// partition is `partition`. The object appears whole or not at all: files of one row group are put at once, larger
  /// ones streamed. kInvalidArgument for no rows, too many rows, or columns that are not the schema's; kAlreadyExists
  /// when the place is taken and there is no next one, or when another writer took that of a streamed file meanwhile.
  Result<iceberg::DataFile> write(const NextPlace& next,
                                  const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                  const iceberg::PartitionKey& partition) const;
  Result<iceberg::DataFile> write(const storage::Location& where,
                                  const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                  const iceberg::PartitionKey& partition) const;

  /// Does as write(), for a file whose rows come batch by batch, `rows` in all: how a file is encoded depends on it.
  Result<FileStream> open(NextPlace next, const iceberg::PartitionKey& partition, std::int64_t rows) const;
  Result<FileStream> open(const storage::Location& where, const iceberg::PartitionKey& partition,
                          std::int64_t rows) const;

  /// The most rows of a file.
  std::int64_t max_rows() const;

 private:
  friend class FileStream;
  struct Impl;
  explicit FileWriter(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

/// A file under way. Memory is one row group, and what append() was given last. Destroyed before finish(), it leaves
/// nothing. Not thread-safe; must not outlive its FileWriter. After an error only the destructor may follow.
class FileStream {
 public:
  FileStream(FileStream&&) noexcept;
  FileStream& operator=(FileStream&&) noexcept;
  ~FileStream();

  /// The next rows of the file. kInvalidArgument when they are more than were announced, or not of the schema.
  Status append(const std::shared_ptr<arrow::RecordBatch>& batch);
  /// The object appears. kInvalidArgument when rows are missing.
  Result<iceberg::DataFile> finish();

 private:
  friend class FileWriter;
  class Impl;
  explicit FileStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One file: FileWriter::make and write.
Result<iceberg::DataFile> write_file(const storage::Location& where,
                                     const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                     const iceberg::Schema& schema, const iceberg::PartitionKey& partition,
                                     const WriteOptions& options);

}  // namespace earthcatalog::geoparquet
