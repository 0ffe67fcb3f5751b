#include "earthcatalog/extsort/scratch_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace earthcatalog::extsort {

Result<ScratchFile> ScratchFile::create(const std::string& folder) {
  std::string name = folder + "/earthcatalog-XXXXXX";
  const int fd = mkstemp(name.data());
  if (fd < 0) {
    return fail(ErrorKind::kIOError, "making a temporary file in {}: {}; choose another folder for temporary files",
                folder, std::strerror(errno));
  }
  unlink(name.c_str());
  return ScratchFile(fd);
}

ScratchFile::~ScratchFile() {
  if (fd_ >= 0) close(fd_);
}

Status ScratchFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorKind::kIOError, "writing a temporary file: {}", std::strerror(errno));
    size_ += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status ScratchFile::read(std::int64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = pread(fd_, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorKind::kIOError, "reading a temporary file: {}", std::strerror(errno));
    if (got == 0) return fail(ErrorKind::kIOError, "reading a temporary file: it ends at {}", offset);
    offset += got;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace earthcatalog::extsort
