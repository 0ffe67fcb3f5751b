// Files as LocalStore needs them: written beside their final name and put there in one step.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

/// Names that begin so are no objects: files being written, and locks.
inline constexpr std::string_view kHiddenPrefix = ".ec-";

/// "<what> <uri>: <why>; <remedy>" from an errno.
std::unexpected<Error> errno_error(int code, std::string_view what, std::string_view uri);

std::string etag_of(const struct stat& status);
ObjectInfo info_of(std::string_view key, const struct stat& status);

/// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Says from when on a file survives a power cut: as soon as it is published (conditional puts), or when the file
/// system is synced later (all others).
enum class Sync { kLater, kNow };

/// A file under a hidden name in the folder of its target; gone with this object unless published. Its flock says that
/// somebody is writing it.
class TempFile {
 public:
  /// Makes missing folders. `uri` is for messages.
  static Result<TempFile> create(std::string target, std::string uri, Sync sync);
  TempFile(TempFile&& other) noexcept;
  ~TempFile();

  Status write(std::string_view bytes);
  /// Takes the target's name; what had it before is replaced. The modification time is made later than
  /// `after_nanos`, so that no two contents of one key share an etag.
  Status publish(std::int64_t after_nanos = 0);
  /// Takes the target's name unless something has it: false.
  Result<bool> publish_if_absent();
  /// Describes the published file.
  const struct stat& status() const { return status_; }

 private:
  TempFile(FileDescriptor fd, std::string path, std::string target, std::string uri, Sync sync);
  Status seal(std::int64_t after_nanos);
  Status sync_folder();

  FileDescriptor fd_;
  FileDescriptor held_;  ///< keeps the flock between the close and the rename
  std::string path_;     ///< empty once published
  std::string target_;
  std::string uri_;
  Sync sync_;
  struct stat status_{};
};

/// Removes a hidden file unless whoever made it is still at it (holds its flock): false. With `dry_run` only says so.
Result<bool> remove_unused(const std::string& path, std::string_view uri, bool dry_run);

/// Gives a file a second name, and makes it as young as that; missing folders are made. False when the file system does
/// not do that (other disks, other owners, none of it) or something has the name.
bool link_file(const std::string& from, const std::string& to);

/// Holds other threads and processes off one file: an flock on a hidden file beside it, removed again.
class FileLock {
 public:
  /// Waits for `most`. kNotFound when the folder does not exist, kUnavailable when another holds it all that time.
  static Result<FileLock> acquire(const std::string& target, std::string_view uri,
                                  std::chrono::milliseconds most = std::chrono::seconds(30));
  FileLock(FileLock&& other) noexcept : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
  ~FileLock();

 private:
  FileLock(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  FileDescriptor fd_;
  std::string path_;
};

}  // namespace earthcatalog::storage
