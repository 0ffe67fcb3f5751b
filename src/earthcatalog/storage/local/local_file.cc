#include "earthcatalog/storage/local/local_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/storage/errno_kind.h"

namespace earthcatalog::storage {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string sibling(const std::string& path, std::string_view name) {
  return path.substr(0, path.rfind('/') + 1) + std::string(name);
}

std::int64_t mtime_nanos(const struct stat& status) {
  return status.st_mtim.tv_sec * kNanosPerSecond + status.st_mtim.tv_nsec;
}

// 0, or the errno of the folder that could not be made.
int make_folders(const std::string& folder, Sync sync) {
  if (::mkdir(folder.c_str(), 0777) != 0) {
    if (errno == EEXIST) return 0;
    if (errno != ENOENT || folder == "/") return errno;
    if (const int code = make_folders(folder_of(folder), sync); code != 0) return code;
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return errno;
  }
  if (sync == Sync::kNow) {
    const FileDescriptor parent(::open(folder_of(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent) ::fsync(parent.get());
  }
  return 0;
}

std::string temporary_name() {
  static std::atomic<std::uint64_t> counter{0};
  // One random value a process: asking the system for each file cost more than the rest of the put.
  static const unsigned random = std::random_device{}();
  return fmt::format("{}tmp-{}-{}-{:08x}", kHiddenPrefix, ::getpid(), counter.fetch_add(1), random);
}

std::string_view remedy_of_errno(int code) {
  switch (code) {
    case ENOSPC:
      return "; free space on that disk, or choose another";
    case EDQUOT:
      return "; free space under your quota, or choose another disk";
    case EACCES:
    case EPERM:
      return "; check the owner and the permissions of the file and its folder";
    case EROFS:
      return "; choose a place that can be written";
    case EISDIR:
      return "; a folder has that name";
    case ENOTDIR:
      return "; a part of the path is a file, not a folder";
    case EMFILE:
      return "; raise the limit of open files (ulimit -n)";
    case ENOLCK:
      return "; this file system has no file locks: keep catalogs and locks elsewhere";
    default:
      return "";
  }
}

}  // namespace

std::unexpected<Error> errno_error(int code, std::string_view what, std::string_view uri) {
  return fail(kind_of_errno(code).value_or(ErrorKind::kIOError), "{} {}: {}{}", what, uri,
              std::generic_category().message(code), remedy_of_errno(code));
}

std::string etag_of(const struct stat& status) {
  return fmt::format("{:x}-{:x}-{:x}", status.st_size, mtime_nanos(status), status.st_ino);
}

ObjectInfo info_of(std::string_view key, const struct stat& status) {
  return {.key = std::string(key),
          .size_bytes = status.st_size,
          .etag = etag_of(status),
          .last_modified = status.st_mtim.tv_sec * kMicrosPerSecond + status.st_mtim.tv_nsec / 1000};
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

bool link_file(const std::string& from, const std::string& to) {
  // First: under its new name the file must never seem as old as what `expire` takes for forgotten.
  if (::utimensat(AT_FDCWD, from.c_str(), nullptr, 0) != 0) return false;
  const auto link = [&] { return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0; };
  return link() || (errno == ENOENT && make_folders(folder_of(to), Sync::kLater) == 0 && link());
}

TempFile::TempFile(FileDescriptor fd, std::string path, std::string target, std::string uri, Sync sync)
    : fd_(std::move(fd)), path_(std::move(path)), target_(std::move(target)), uri_(std::move(uri)), sync_(sync) {}

TempFile::TempFile(TempFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      held_(std::move(other.held_)),
      path_(std::exchange(other.path_, {})),
      target_(std::move(other.target_)),
      uri_(std::move(other.uri_)),
      sync_(other.sync_),
      status_(other.status_) {}

TempFile::~TempFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<TempFile> TempFile::create(std::string target, std::string uri, Sync sync) {
  std::string path;
  FileDescriptor fd;
  do {
    path = sibling(target, temporary_name());
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    fd = FileDescriptor(::open(path.c_str(), kFlags, 0666));
    if (!fd && errno == ENOENT) {
      if (const int code = make_folders(folder_of(target), sync); code != 0) {
        return errno_error(code, "making the folder of", uri);
      }
      fd = FileDescriptor(::open(path.c_str(), kFlags, 0666));
    }
    if (!fd) return errno_error(errno, "writing", uri);
    // Somebody who tidies up was quicker than the lock. A file system without locks has nobody who would.
  } while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
  return TempFile(std::move(fd), std::move(path), std::move(target), std::move(uri), sync);
}

Status TempFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno_error(errno, "writing", uri_);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// The kernel stamps files with a clock that stands still for milliseconds: too coarse for an etag.
Status TempFile::seal(std::int64_t after_nanos) {
  if (!fd_) return {};  // done by an earlier try to publish
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t nanos = std::max(now.tv_sec * kNanosPerSecond + now.tv_nsec, after_nanos + 1);
  const timespec stamp{.tv_sec = nanos / kNanosPerSecond, .tv_nsec = nanos % kNanosPerSecond};
  const timespec times[2] = {stamp, stamp};
  if (::futimens(fd_.get(), times) != 0) return errno_error(errno, "writing", uri_);
  if (sync_ == Sync::kNow && ::fsync(fd_.get()) != 0) return errno_error(errno, "syncing", uri_);
  if (::fstat(fd_.get(), &status_) != 0) return errno_error(errno, "writing", uri_);
  held_ = FileDescriptor(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (::close(fd_.release()) != 0) return errno_error(errno, "writing", uri_);  // NFS reports a full disk here
  return {};
}

Status TempFile::sync_folder() {
  if (sync_ == Sync::kLater) return {};
  const FileDescriptor folder(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return errno_error(errno, "syncing the folder of", uri_);
  return {};
}

Status TempFile::publish(std::int64_t after_nanos) {
  EC_TRY(seal(after_nanos));
  if (::rename(path_.c_str(), target_.c_str()) != 0) return errno_error(errno, "writing", uri_);
  path_.clear();
  return sync_folder();
}

Result<bool> TempFile::publish_if_absent() {
  EC_TRY(seal(0));
  int code = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (code == 0) {
    path_.clear();
  } else if (code == EINVAL || code == ENOSYS) {  // as on NFS; the hidden name goes with this object
    code = ::link(path_.c_str(), target_.c_str()) == 0 ? 0 : errno;
  }
  if (code == EEXIST) {
    struct stat there{};
    if (::stat(target_.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) return errno_error(EISDIR, "writing", uri_);
    return false;
  }
  if (code != 0) return errno_error(code, "writing", uri_);
  EC_TRY(sync_folder());
  return true;
}

namespace {

// Asked again and again: a process that was stopped in the middle of a write would hold a waiting one up for ever.
Status wait_for_flock(int fd, const std::string& path, std::string_view uri, std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  auto pause = std::chrono::microseconds(100);
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error(errno, "locking", uri);
    if (std::chrono::steady_clock::now() >= end) {
      return fail(ErrorKind::kUnavailable,
                  "locking {}: another process has been in the middle of a write for {} s; if it is stopped, end it or "
                  "let it go on, and try again (fuser {} names it)",
                  uri, std::chrono::duration_cast<std::chrono::seconds>(most).count(), path);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::microseconds(20'000));
  }
  return {};
}

}  // namespace

// Removes as FileLock's destructor does: while it is held, so that nobody takes a lock on nothing for one.
Result<bool> remove_unused(const std::string& path, std::string_view uri, bool dry_run) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return true;
  if (!fd) return errno_error(errno, "removing", uri);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  if (!dry_run && ::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(errno, "removing", uri);
  return true;
}

Result<FileLock> FileLock::acquire(const std::string& target, std::string_view uri, std::chrono::milliseconds most) {
  const std::string name = target.substr(target.rfind('/') + 1);
  const std::string path = sibling(target, fmt::format("{}lock-{}", kHiddenPrefix, to_hex(hash128(name))));
  while (true) {
    FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!fd) return errno_error(errno, "locking", uri);
    EC_TRY(wait_for_flock(fd.get(), path, uri, most));
    // Whoever held it before removed the name: then this is a lock on nothing.
    struct stat held{}, named{};
    if (::fstat(fd.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
        held.st_dev == named.st_dev) {
      return FileLock(std::move(fd), path);
    }
  }
}

FileLock::~FileLock() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace earthcatalog::storage
