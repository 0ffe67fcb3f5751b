// A temporary file without a name: it vanishes with the process, however that ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// Reading is safe from many threads; writing is not.
class ScratchFile {
 public:
  static Result<ScratchFile> create(const std::string& folder);
  ScratchFile(ScratchFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
  ScratchFile& operator=(ScratchFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~ScratchFile();

  std::int64_t size() const { return size_; }
  Status append(std::span<const std::byte> bytes);
  /// Fills `bytes` from `offset`; fewer bytes there are an error.
  Status read(std::int64_t offset, std::span<std::byte> bytes) const;

 private:
  explicit ScratchFile(int fd) : fd_(fd) {}
  int fd_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace earthcatalog::extsort
