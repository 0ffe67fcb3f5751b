// GeoParquet 1.1 files from sorted rows: https://geoparquet.org/releases/v1.1.0/, with the stac-geoparquet key and
// Iceberg field ids. See docs/warehouse_format.md.
//
//   EC_ASSIGN_OR_RETURN(const FileWriter writer, FileWriter::make(schema, {}));
//   EC_ASSIGN_OR_RETURN(iceberg::DataFile file, writer.write(where, batches, {"81063ffffffffff", 48}));
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::geoparquet {

struct WriteOptions {
  std::int64_t row_group_rows = 25'000;
  int max_row_groups = 4;  ///< more rows than row_group_rows * max_row_groups are an error of the caller
  int zstd_level = 1;      ///< of texts, 1 to 19; geometries and numbers get 2 more. Higher is slower, seldom smaller
  /// Declare geometry_bbox as the bbox covering. False for files of the cell "__none__"; a file without any geometry
  /// never declares one, because readers would find nothing in it.
  bool covering = true;
};

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
  /// ones streamed. kInvalidArgument for no rows, too many rows, or columns that are not the schema's.
  Result<iceberg::DataFile> write(const storage::Location& where,
                                  const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                  const iceberg::PartitionKey& partition) const;

 private:
  struct Impl;
  explicit FileWriter(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

/// One file: FileWriter::make and write.
Result<iceberg::DataFile> write_file(const storage::Location& where,
                                     const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                     const iceberg::Schema& schema, const iceberg::PartitionKey& partition,
                                     const WriteOptions& options);

}  // namespace earthcatalog::geoparquet
