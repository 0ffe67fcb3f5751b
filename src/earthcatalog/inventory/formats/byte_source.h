// Bytes from front to back: what the CSV and NDJSON readers read. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "earthcatalog/result.h"

namespace arrow {
class Buffer;
}
namespace arrow::io {
class RandomAccessFile;
}

namespace earthcatalog::inventory {

/// Not thread-safe. Errors name the byte, not the file: the caller knows which.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills the front of `into` (not empty) and says how many bytes it wrote; 0 only at the end.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// Returns how much of the whole has been read, 0 to 1; nothing when the whole is not known.
  virtual std::optional<double> share_read() const { return std::nullopt; }
};

/// A file in blocks of 4 MiB: on S3, one request each.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(std::shared_ptr<arrow::io::RandomAccessFile> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<char> into) override;
  std::optional<double> share_read() const override;

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<arrow::Buffer> block_;
  std::int64_t position_ = 0;   // in the file, of the block's end
  std::size_t block_used_ = 0;  // bytes of the block already handed out
};

/// The text inside gzip bytes of one or more members (RFC 1952). A stream that ends early, or bytes behind the last
/// member other than zeros, are an error that names the byte.
std::unique_ptr<ByteSource> gunzip(std::unique_ptr<ByteSource> compressed);

}  // namespace earthcatalog::inventory
