// Rows of one partition, in order, to as few files as they fit in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/file_names.h"

namespace earthcatalog::write {

struct PartRows {
  std::int64_t rows = 0;               ///< that will come
  std::int64_t most_rows = INT64_MAX;  ///< of a file; it never has more than FileWriter::max_rows()
};

/// Memory is that of one geoparquet::FileStream. Not thread-safe; what it is given must outlive it.
class RollingWriter {
 public:
  RollingWriter(storage::Stores& stores, FileNames& names, const geoparquet::FileWriter& writer,
                iceberg::PartitionKey partition, PartRows rows);

  /// The next rows. More than were announced are an error.
  Status append(const std::shared_ptr<arrow::RecordBatch>& rows);

  /// The finished files: all of them when all rows have come. After an error, what the caller has to discard.
  const std::vector<iceberg::DataFile>& files() const { return files_; }

 private:
  Status open();

  storage::Stores& stores_;
  FileNames& names_;
  const geoparquet::FileWriter& writer_;
  const iceberg::PartitionKey partition_;
  const std::int64_t most_rows_;
  std::int64_t rows_left_;  // for files that are not open yet
  std::int64_t room_ = 0;   // of the open one
  std::optional<geoparquet::FileStream> file_;
  std::vector<iceberg::DataFile> files_;
};

}  // namespace earthcatalog::write
