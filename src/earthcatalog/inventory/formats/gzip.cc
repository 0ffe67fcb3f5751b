#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "earthcatalog/inventory/formats/byte_source.h"

namespace earthcatalog::inventory {
namespace {

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> compressed) : compressed_(std::move(compressed)), input_(256 << 10) {}
  ~GzipSource() override {
    if (started_) inflateEnd(&stream_);
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), 1U << 30));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (stream_.avail_in == 0) EC_TRY(refill());
      if (stream_.avail_in == 0) {
        if (in_member_ || consumed_ == 0) return truncated();
        break;
      }
      if (!in_member_) {
        EC_ASSIGN_OR_RETURN(const bool more, begin_member());
        if (!more) continue;
      }
      EC_TRY(inflate_some());
    }
    return wanted - stream_.avail_out;
  }
  std::optional<double> share_read() const override {
    const auto received = compressed_->share_read();
    if (!received || received_ == 0) return received;
    return *received * static_cast<double>(offset()) / static_cast<double>(received_);
  }

 private:
  Status refill() {
    EC_ASSIGN_OR_RETURN(const std::size_t size, compressed_->read(input_));
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(size);
    received_ += static_cast<std::int64_t>(size);
    return {};
  }

  // Zeros behind a member are padding, as tape tools leave it; anything else begins the next member.
  Result<bool> begin_member() {
    if (started_) {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in == 0) return false;
    }
    const int code = started_ ? inflateReset(&stream_) : inflateInit2(&stream_, MAX_WBITS + 16);
    if (code != Z_OK) return fail(ErrorKind::kIOError, "zlib does not start (code {})", code);
    started_ = in_member_ = true;
    return true;
  }

  Status inflate_some() {
    const std::int64_t before = offset();
    const int code = inflate(&stream_, Z_NO_FLUSH);
    consumed_ += offset() - before;
    if (code == Z_STREAM_END) {
      in_member_ = false;
      ++members_;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return fail(ErrorKind::kInvalidData, "not valid gzip at byte {} of the compressed file{}: {}", offset(),
                  members_ > 0 ? fmt::format(" (behind {} complete member{})", members_, members_ > 1 ? "s" : "") : "",
                  stream_.msg != nullptr ? stream_.msg : "corrupt data");
    }
    return {};
  }

  std::int64_t offset() const { return received_ - stream_.avail_in; }

  std::unexpected<Error> truncated() const {
    return fail(ErrorKind::kInvalidData,
                "the gzip stream ends at byte {} of the compressed file, before its end mark: the file is truncated; "
                "copy it again",
                received_);
  }

  std::unique_ptr<ByteSource> compressed_;
  std::vector<char> input_;
  z_stream stream_{};
  std::int64_t received_ = 0;  // compressed bytes taken from the source
  std::int64_t consumed_ = 0;  // compressed bytes that zlib has taken
  int members_ = 0;
  bool started_ = false;
  bool in_member_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> gunzip(std::unique_ptr<ByteSource> compressed) {
  return std::make_unique<GzipSource>(std::move(compressed));
}

}  // namespace earthcatalog::inventory
