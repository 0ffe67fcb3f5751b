#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "earthcatalog/fetch/reader.h"

namespace earthcatalog::fetch {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Attempt rejected(std::string kind, std::string reason) {
  return {.verdict = Verdict::kRejected, .kind = std::move(kind), .reason = std::move(reason)};
}

Attempt of_errno(int error) {
  const auto what = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {.verdict = Verdict::kMissing, .kind = "missing", .reason = what + "; is the source root the right one?"};
    case EACCES:
    case EPERM:
      return {.verdict = Verdict::kRefused,
              .kind = "denied",
              .reason = what + "; give this user the right to read the file and to enter its folders"};
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return rejected("bad_name", what + "; no file can have this name");
    default:
      return {.verdict = Verdict::kLater, .kind = "io_error", .reason = what + "; check the disk or mount, then retry"};
  }
}

bool leaves_bucket(std::string_view key) {
  while (true) {
    const auto slash = key.find('/');
    const auto part = key.substr(0, slash);
    if (part == "." || part == "..") return true;
    if (slash == key.npos) return false;
    key.remove_prefix(slash + 1);
  }
}

class FileReader : public Reader {
 public:
  FileReader(int folder, std::int64_t max_object_bytes) : folder_(folder), max_object_bytes_(max_object_bytes) {}

  Status open(Bucket&) override { return {}; }

  Attempt read(const Bucket& bucket, std::string_view key) const override {
    if (leaves_bucket(key)) return rejected("bad_name", "a key with '.' or '..' as a part names no file of its bucket");
    if (key.find('\0') != key.npos) return rejected("bad_name", "a key with a zero byte names no file");
    std::string path;
    path.reserve(bucket.name.size() + 1 + key.size());
    path.append(bucket.name).append("/").append(key);
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    const Descriptor file(::openat(folder_.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return of_errno(errno);
    if (!S_ISREG(status.st_mode)) return rejected("not_a_file", "not a regular file");
    auto attempt = read_all(file.get(), status.st_size);
    attempt.last_modified = status.st_mtim.tv_sec * kMicrosPerSecond + status.st_mtim.tv_nsec / 1000;
    return attempt;
  }

 private:
  Attempt too_large(std::int64_t bytes) const {
    return rejected("too_large",
                    fmt::format("has {} bytes or more; the limit is {} (`max_object_size`)", bytes, max_object_bytes_));
  }

  // Asks for more than the file has, so that one read finds its end; a file that grows meanwhile is read on.
  Attempt read_all(int fd, std::int64_t expected) const {
    if (expected > max_object_bytes_) return too_large(expected);
    Attempt attempt{.verdict = Verdict::kFetched};
    auto& body = attempt.body;
    int error = 0;
    for (bool at_end = false; !at_end && error == 0;) {
      const auto have = body.size();
      const auto room = std::max(static_cast<std::size_t>(expected), 2 * have) + kSpareBytes - have;
      body.resize_and_overwrite(have + room, [&](char* data, std::size_t) {
        const auto count = ::read(fd, data + have, room);
        if (count < 0 && errno != EINTR) error = errno;
        at_end = count >= 0 && static_cast<std::size_t>(count) < room;
        return have + static_cast<std::size_t>(std::max<ssize_t>(0, count));
      });
      if (static_cast<std::int64_t>(body.size()) > max_object_bytes_) return too_large(max_object_bytes_ + 1);
    }
    if (error != 0) return of_errno(error);
    body.reserve(body.size() + kSpareBytes);
    return attempt;
  }

  Descriptor folder_;
  std::int64_t max_object_bytes_;
};

}  // namespace

Result<std::unique_ptr<Reader>> make_file_reader(const std::string& folder, std::int64_t max_object_bytes) {
  const int fd = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return fail(errno == EACCES ? ErrorKind::kPermissionDenied : ErrorKind::kNotFound,
                "opening the source root {}: {}; `source_root` names the folder that holds the buckets", folder,
                std::generic_category().message(errno));
  }
  return std::make_unique<FileReader>(fd, max_object_bytes);
}

}  // namespace earthcatalog::fetch
