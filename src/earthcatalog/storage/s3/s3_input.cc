// Random access by ranged GETs. Readers of Parquet begin at the end of the file, so the last 64 KiB are kept: the first
// request brings them and, where the size was not known, the size; many footers and all small objects need no second.
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <charconv>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/arrow_status.h"
#include "earthcatalog/storage/byte_range.h"
#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {
namespace {

constexpr std::int64_t kTailBytes = 64 << 10;

// "bytes 0-9/1234": 1234.
std::optional<std::int64_t> total_size(std::string_view content_range) {
  const std::size_t slash = content_range.rfind('/');
  if (slash == content_range.npos) return std::nullopt;
  const std::string_view digits = content_range.substr(slash + 1);
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

class S3Input final : public arrow::io::RandomAccessFile {
 public:
  S3Input(std::shared_ptr<S3Client> client, std::string key) : client_(std::move(client)), key_(std::move(key)) {}

  void know_size(std::int64_t size) { size_ = size; }

  // The end of the object, and its size.
  Status fetch_end() {
    EC_ASSIGN_OR_RETURN(S3Answer answer, get(fmt::format("bytes=-{}", kTailBytes)));
    const MutexLock lock(mutex_);
    if (answer.error.status == 416) {  // so it is for an empty object
      tail_ = "";
      size_ = 0;
      return {};
    }
    if (answer.object_is_missing()) return fail(ErrorKind::kNotFound, "{} does not exist", client_->uri(key_));
    if (!answer.ok()) return client_->refused(answer, "reading", key_);
    size_ = answer.reply.status == 206 ? total_size(answer.reply.header("content-range")).value_or(-1)
                                       : static_cast<std::int64_t>(answer.reply.body.size());
    if (size_ < 0) {
      return fail(ErrorKind::kInvalidData, "reading {}: the answer to a range does not tell the size",
                  client_->uri(key_));
    }
    etag_ = answer.reply.header("etag");
    tail_ = std::move(answer.reply.body);
    return {};
  }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    if (position < 0) return arrow::Status::Invalid("seek to a negative position");
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return size_; }

  arrow::Result<int64_t> Read(int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, count, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, count));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override {
    auto bytes = read(position, count);
    if (!bytes) return to_arrow(bytes.error());
    std::copy(bytes->begin(), bytes->end(), static_cast<char*>(out));
    return static_cast<int64_t>(bytes->size());
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override {
    auto bytes = read(position, count);
    if (!bytes) return to_arrow(bytes.error());
    return arrow::Buffer::FromString(std::move(*bytes));
  }

 private:
  Result<S3Answer> get(std::string range) {
    S3Bucket::Spec spec{.method = "GET", .key = key_, .headers = {{"Range", std::move(range)}}};
    if (!etag_.empty()) spec.headers.emplace_back("If-Match", etag_);
    return client_->send(spec, "reading");
  }

  Result<std::string> read(std::int64_t position, std::int64_t count) {
    if (closed_) return fail(ErrorKind::kInvalidArgument, "reading {}: the file is closed", client_->uri(key_));
    const ByteRange range = clamp_range(std::max<std::int64_t>(position, 0), count, size_);
    if (range.length == 0) return std::string();
    const std::int64_t tail_begin = std::max<std::int64_t>(0, size_ - kTailBytes);
    if (range.offset < tail_begin) return fetch(range);
    const MutexLock lock(mutex_);
    if (!tail_) {
      EC_ASSIGN_OR_RETURN(tail_, fetch({tail_begin, size_ - tail_begin}));
    }
    return tail_->substr(static_cast<std::size_t>(range.offset - tail_begin), static_cast<std::size_t>(range.length));
  }

  Result<std::string> fetch(ByteRange range) {
    EC_ASSIGN_OR_RETURN(S3Answer answer,
                        get(fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1)));
    if (answer.error.status == 412) {
      return fail(ErrorKind::kInvalidData, "reading {}: it was replaced while it was read", client_->uri(key_));
    }
    if (!answer.ok()) return client_->refused(answer, "reading", key_);
    std::string& bytes = answer.reply.body;
    if (answer.reply.status == 200 && static_cast<std::int64_t>(bytes.size()) >= range.offset + range.length) {
      bytes = bytes.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
    }
    if (static_cast<std::int64_t>(bytes.size()) != range.length) {
      return fail(ErrorKind::kInvalidData, "reading {}: it has not the {} bytes that were expected", client_->uri(key_),
                  size_);
    }
    return std::move(bytes);
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  std::string etag_;  // quoted; empty when the size came from elsewhere
  std::int64_t size_ = 0;
  std::atomic<bool> closed_ = false;
  std::int64_t position_ = 0;  // of Read() and Seek(), which are not for many threads
  Mutex mutex_;
  std::optional<std::string> tail_ EC_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_s3_input(std::shared_ptr<S3Client> client, std::string key,
                                                                   std::optional<std::int64_t> size_bytes) {
  auto input = std::make_shared<S3Input>(std::move(client), std::move(key));
  if (size_bytes) {
    input->know_size(*size_bytes);
  } else {
    EC_TRY(input->fetch_end());
  }
  return input;
}

}  // namespace earthcatalog::storage
