#include "earthcatalog/write/data_file_source.h"

#include <arrow/record_batch.h>

#include <utility>

#include "earthcatalog/geoparquet/value_counts.h"
#include "earthcatalog/write/row_pool.h"

namespace earthcatalog::write {
namespace {

// Rows of ITS_LIVE take ten times the bytes in memory that they take in a file.
constexpr std::int64_t kExpansion = 10;
// A page of each column while it is being read: at most 256 KiB in our files, but few columns have so much in one.
constexpr std::int64_t kPageBytes = 4 << 20;

class Stream final : public geoparquet::RowStream {
 public:
  Stream(const iceberg::DataFile& file, const iceberg::Schema& schema, const std::atomic<bool>* stop)
      : file_(file), schema_(schema), counts_(schema), stop_(stop) {}

  Status open(std::unique_ptr<geoparquet::FileReader> reader, std::int64_t batch_rows) {
    if (reader->rows() != file_.record_count) {
      return fail(ErrorKind::kInvalidData, "{} has {} rows, and the table's manifests say {}", file_.file_path,
                  reader->rows(), file_.record_count);
    }
    reader_ = std::move(reader);
    rows_ = reader_->stream_rows(schema_, batch_rows);
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    if (stop_ != nullptr && stop_->load()) return fail(ErrorKind::kCancelled, "stopped");
    EC_ASSIGN_OR_RETURN(auto rows, rows_->next());
    if (!rows) {
      EC_TRY(counts_.check(file_));
    } else {
      counts_.add(*rows);
    }
    return rows;
  }

 private:
  const iceberg::DataFile& file_;
  const iceberg::Schema schema_;
  geoparquet::ValueCounts counts_;
  const std::atomic<bool>* stop_;
  std::unique_ptr<geoparquet::FileReader> reader_;
  std::unique_ptr<geoparquet::RowStream> rows_;  // goes before the reader does
};

}  // namespace

std::int64_t bytes_in_memory(std::int64_t bytes) { return bytes * kExpansion; }

std::int64_t bytes_of_stream(std::int64_t row_group_bytes) { return row_group_bytes + kPageBytes; }

std::int64_t DataFileSource::bytes() const { return bytes_in_memory(file_.file_size_in_bytes); }

std::int64_t DataFileSource::stream_bytes() const { return bytes_of_stream(row_group_bytes_); }

Result<std::unique_ptr<geoparquet::RowStream>> DataFileSource::read(const iceberg::Schema& schema,
                                                                    std::int64_t batch_rows) {
  EC_ASSIGN_OR_RETURN(auto reader, geoparquet::FileReader::open(stores_, file_, row_pool()));
  row_group_bytes_ = reader->row_group_bytes();
  auto stream = std::make_unique<Stream>(file_, schema, stop_);
  EC_TRY(stream->open(std::move(reader), batch_rows));
  return stream;
}

}  // namespace earthcatalog::write
