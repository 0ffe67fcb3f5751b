// The rows of a data file, in the columns of the table.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/row_source.h"

namespace earthcatalog::write {

/// Memory for all rows of a data file of `bytes`, by the measure of ITS_LIVE; and while rows of it are streamed.
std::int64_t bytes_in_memory(std::int64_t bytes);
std::int64_t bytes_of_stream(std::int64_t row_group_bytes);

/// Opens the file at each read(), so that thousands of sources take no file descriptors. When `stop` is set, reading
/// ends with kCancelled. Errors name the file.
class DataFileSource final : public write::RowSource {
 public:
  DataFileSource(storage::Stores& stores, const iceberg::DataFile& file, const std::atomic<bool>* stop)
      : stores_(stores), file_(file), stop_(stop) {}

  std::int64_t rows() const override { return file_.record_count; }
  std::int64_t bytes() const override;
  std::int64_t stream_bytes() const override;
  Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema, std::int64_t batch_rows) override;

 private:
  storage::Stores& stores_;
  const iceberg::DataFile& file_;
  const std::atomic<bool>* stop_;
  std::int64_t row_group_bytes_ = 0;
};

}  // namespace earthcatalog::write
