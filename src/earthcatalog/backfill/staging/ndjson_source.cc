#include "earthcatalog/backfill/staging/ndjson_source.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <utility>

#include "earthcatalog/backfill/staging/ndjson_items.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kReadBytes = 4 << 20;

// The lines of a file of any size.
class LineReader {
 public:
  LineReader(std::shared_ptr<arrow::io::RandomAccessFile> file, std::int64_t bytes)
      : file_(std::move(file)), bytes_(bytes) {}

  // Nothing at the end. Valid until the next call.
  Result<std::optional<std::string_view>> next() {
    for (std::size_t searched = 0;;) {
      if (const auto end = rest_.find('\n', searched); end != rest_.npos) {
        const auto line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
      }
      if (at_ == bytes_) {
        if (rest_.empty()) return std::nullopt;
        return fail(ErrorKind::kInvalidData, "the last line is cut short");
      }
      searched = rest_.size();
      EC_TRY(read_on());
    }
  }

 private:
  Status read_on() {
    buffer_.erase(0, buffer_.size() - rest_.size());
    const auto piece = file_->ReadAt(at_, std::min(kReadBytes, bytes_ - at_));
    if (!piece.ok()) return std::unexpected(storage::from_arrow(piece.status()));
    if ((*piece)->size() == 0) return fail(ErrorKind::kInvalidData, "ends at byte {}, not {}", at_, bytes_);
    buffer_.append(std::string_view(**piece));
    at_ += (*piece)->size();
    rest_ = buffer_;
    return {};
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const std::int64_t bytes_;
  std::int64_t at_ = 0;
  std::string buffer_;
  std::string_view rest_ = buffer_;  // its end, which was not given yet
};

class Stream final : public geoparquet::RowStream {
 public:
  Stream(const StagedFile& file, const std::unordered_set<Hash128>& dropped, LineReader lines, std::string uri,
         std::shared_ptr<const stac::ItemSchema> items, iceberg::Schema schema, std::int64_t batch_rows)
      : file_(file),
        dropped_(dropped),
        lines_(std::move(lines)),
        uri_(std::move(uri)),
        items_schema_(items),
        items_(std::move(items)),
        schema_(std::move(schema)),
        batch_rows_(static_cast<std::size_t>(batch_rows)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> next() override { return annotate(read(), uri_); }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> read() {
    while (items_.size() < batch_rows_) {
      EC_ASSIGN_OR_RETURN(const auto line, lines_.next());
      if (!line) break;
      ++read_;
      EC_TRY(annotate(items_.add(*line, 0, dropped_), fmt::format("line {}", read_)));
    }
    if (items_.size() == 0) {
      if (read_ == file_.rows) return nullptr;
      return fail(ErrorKind::kInvalidData, "{} lines, and its chunk wrote {}", read_, file_.rows);
    }
    EC_ASSIGN_OR_RETURN(auto columns, items_.finish());
    const std::size_t count = columns.rows.size();
    EC_ASSIGN_OR_RETURN(const auto cutter,
                        write::RowPartitioner::make(items_schema_, std::move(columns.batches), std::move(columns.rows),
                                                    std::move(columns.bounds)));
    EC_ASSIGN_OR_RETURN(const auto rows, cutter.cut(cutter.groups()[0], 0, count, file_.partition.cell));
    return geoparquet::conform(rows, schema_);
  }

  const StagedFile& file_;
  const std::unordered_set<Hash128>& dropped_;
  LineReader lines_;
  const std::string uri_;
  const std::shared_ptr<const stac::ItemSchema> items_schema_;
  LineItems items_;
  const iceberg::Schema schema_;
  const std::size_t batch_rows_;
  std::int64_t read_ = 0;  // lines
};

}  // namespace

std::int64_t LinesSource::stream_bytes() const { return 2 * kReadBytes; }

Result<std::unique_ptr<geoparquet::RowStream>> LinesSource::read(const iceberg::Schema& schema,
                                                                 std::int64_t batch_rows) {
  auto uri = staging_.rows(file_.partition, attempt_, file_.number);
  EC_ASSIGN_OR_RETURN(auto in, open_rows(staging_, file_, attempt_));
  return std::make_unique<Stream>(file_, dropped_, LineReader(std::move(in), file_.bytes), std::move(uri), schema_,
                                  schema, batch_rows);
}

}  // namespace earthcatalog::backfill
