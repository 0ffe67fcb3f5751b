#include "earthcatalog/storage/local/local_store.h"

#include <arrow/io/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "earthcatalog/storage/byte_range.h"
#include "earthcatalog/storage/copy.h"
#include "earthcatalog/storage/local/local_file.h"
#include "earthcatalog/storage/local/local_walk.h"
#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {
namespace {

bool means_missing(int code) { return code == ENOENT || code == ENOTDIR || code == EISDIR; }

struct OpenFile {
  FileDescriptor fd;
  struct stat status{};
};

// Nothing when there is no file of that name; a folder is none.
Result<std::optional<OpenFile>> open_file(const std::string& path, const std::string& uri) {
  OpenFile file{.fd = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (!file.fd) {
    if (means_missing(errno)) return std::nullopt;
    return errno_error(errno, "reading", uri);
  }
  if (::fstat(file.fd.get(), &file.status) != 0) return errno_error(errno, "reading", uri);
  if (S_ISDIR(file.status.st_mode)) return std::nullopt;
  if (!S_ISREG(file.status.st_mode)) return fail(ErrorKind::kUnsupported, "reading {}: not a regular file", uri);
  return file;
}

Result<std::string> read_range(const OpenFile& file, ByteRange range, const std::string& uri) {
  std::string bytes(static_cast<std::size_t>(range.length), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::pread(file.fd.get(), bytes.data() + done, bytes.size() - done, range.offset + static_cast<off_t>(done));
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno_error(errno, "reading", uri);
    }
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

class LocalStore::Output final : public StoreOutput {
 public:
  Output(LocalStore& store, TempFile file, std::string path, std::string uri, Existing existing)
      : store_(store), file_(std::move(file)), path_(std::move(path)), uri_(std::move(uri)), existing_(existing) {}
  ~Output() override { abandon(); }

 private:
  static constexpr std::size_t kBufferBytes = 64 << 10;

  Status append(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() < kBufferBytes) {
      buffer_.append(bytes);
      return {};
    }
    EC_TRY(flush_buffer());
    return file_->write(bytes);
  }
  Status flush_buffer() {
    EC_TRY(file_->write(buffer_));
    buffer_.clear();
    return {};
  }
  Status finish() override {
    EC_TRY(flush_buffer());
    if (existing_ == Existing::kReplace) {
      EC_TRY(file_->publish());
    } else {
      EC_ASSIGN_OR_RETURN(const bool is_new, file_->publish_if_absent());
      if (!is_new) return already_there(uri_);
    }
    store_.remember(path_, file_->status().st_dev);
    file_.reset();
    return {};
  }
  void discard() override { file_.reset(); }

  LocalStore& store_;
  std::optional<TempFile> file_;
  const std::string path_, uri_;
  const Existing existing_;
  std::string buffer_;
};

LocalStore::LocalStore(std::string root) : root_(root == "/" ? "" : std::move(root)) {}

std::string LocalStore::uri(std::string_view key) const { return fmt::format("file://{}/{}", root_, key); }

Result<std::string> LocalStore::path_of(std::string_view key) const {
  std::string_view rest = key;
  bool ok = !key.empty() && !key.ends_with('/') && key.find('\0') == key.npos;
  while (ok && !rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    ok = part != "." && part != "..";
    rest = slash == rest.npos ? "" : rest.substr(slash + 1);
  }
  if (!ok) return fail(ErrorKind::kInvalidArgument, "{} cannot be the name of a file", uri(key));
  return fmt::format("{}/{}", root_, key);
}

void LocalStore::remember(const std::string& path, std::uint64_t device) {
  const MutexLock lock(mutex_);
  written_.insert_or_assign(device, path);
}

Result<std::optional<Object>> LocalStore::get(std::string_view key) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(const auto file, open_file(path, uri(key)));
  if (!file) return std::nullopt;
  Object object{.info = info_of(key, file->status), .bytes = {}};
  EC_ASSIGN_OR_RETURN(object.bytes, read_range(*file, {0, file->status.st_size}, uri(key)));
  if (static_cast<std::int64_t>(object.bytes.size()) != object.info.size_bytes) {
    return fail(ErrorKind::kIOError, "reading {}: the file shrank meanwhile", uri(key));
  }
  return object;
}

Result<std::optional<std::string>> LocalStore::get_range(std::string_view key, std::int64_t offset,
                                                         std::int64_t length) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(const auto file, open_file(path, uri(key)));
  if (!file) return std::nullopt;
  return read_range(*file, clamp_range(offset, length, file->status.st_size), uri(key));
}

Result<std::optional<ObjectInfo>> LocalStore::head(std::string_view key) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (means_missing(errno)) return std::nullopt;
    return errno_error(errno, "reading", uri(key));
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return info_of(key, status);
}

Result<PutResult> LocalStore::put(std::string_view key, std::string_view bytes, Existing existing) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(TempFile file, TempFile::create(path, uri(key), Sync::kLater));
  EC_TRY(file.write(bytes));
  EC_ASSIGN_OR_RETURN(const bool is_new, file.publish_if_absent());
  if (!is_new && existing == Existing::kRefuse) return PutResult{};
  if (!is_new) {  // between the check and the rename of a conditional put this one would be lost
    EC_ASSIGN_OR_RETURN(const FileLock lock, FileLock::acquire(path, uri(key)));
    EC_TRY(file.publish());
  }
  remember(path, file.status().st_dev);
  return PutResult{.stored = true, .etag = etag_of(file.status())};
}

Result<PutResult> LocalStore::put_if_absent(std::string_view key, std::string_view bytes) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  struct stat there{};
  if (::stat(path.c_str(), &there) == 0 && S_ISREG(there.st_mode)) return PutResult{};
  EC_ASSIGN_OR_RETURN(TempFile file, TempFile::create(path, uri(key), Sync::kNow));
  EC_TRY(file.write(bytes));
  EC_ASSIGN_OR_RETURN(const bool stored, file.publish_if_absent());
  if (!stored) return PutResult{};
  return PutResult{.stored = true, .etag = etag_of(file.status())};
}

Result<PutResult> LocalStore::put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) {
  EC_ASSIGN_OR_RETURN(const auto before, head(key));
  if (!before || before->etag != etag) return PutResult{};
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(TempFile file, TempFile::create(path, uri(key), Sync::kNow));
  EC_TRY(file.write(bytes));
  EC_ASSIGN_OR_RETURN(const FileLock lock, FileLock::acquire(path, uri(key)));
  struct stat now{};
  if (::stat(path.c_str(), &now) != 0) {
    if (means_missing(errno)) return PutResult{};
    return errno_error(errno, "reading", uri(key));
  }
  if (etag_of(now) != etag) return PutResult{};
  EC_TRY(file.publish(now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec));
  return PutResult{.stored = true, .etag = etag_of(file.status())};
}

Status LocalStore::list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  return walk_folder(root_, prefix, visit);
}

Status LocalStore::remove(std::span<const std::string> keys) {
  for (const std::string& key : keys) {
    EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      if (means_missing(errno)) continue;
      return errno_error(errno, "removing", uri(key));
    }
    if (S_ISDIR(status.st_mode)) continue;
    EC_ASSIGN_OR_RETURN(const FileLock lock, FileLock::acquire(path, uri(key)));
    if (::unlink(path.c_str()) != 0 && !means_missing(errno)) return errno_error(errno, "removing", uri(key));
  }
  return {};
}

Status LocalStore::remove_leftovers(std::string_view prefix, const LeftoverRules& rules) {
  return walk_hidden(root_, prefix, [&](const ObjectInfo& file) -> Status {
    const std::string path = fmt::format("{}/{}", root_, file.key);
    if (*file.last_modified > rules.before) return rules.visit(file, Leftover::kTooYoung);
    EC_ASSIGN_OR_RETURN(const bool unused, remove_unused(path, uri(file.key), rules.dry_run));
    return rules.visit(file, unused ? Leftover::kRemoved : Leftover::kInUse);
  });
}

Result<bool> LocalStore::remove_if_match(std::string_view key, std::string_view etag) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(const auto before, head(key));
  if (!before) return true;  // its folder may be gone as well, in which a lock would lie
  EC_ASSIGN_OR_RETURN(const FileLock lock, FileLock::acquire(path, uri(key)));
  EC_ASSIGN_OR_RETURN(const auto now, head(key));
  if (!now) return true;
  if (now->etag != etag) return false;
  if (::unlink(path.c_str()) != 0 && !means_missing(errno)) return errno_error(errno, "removing", uri(key));
  return true;
}

// Files are never written in place: a second name is as good as a copy.
Result<bool> LocalStore::copy(std::string_view from, std::string_view to, Existing existing) {
  EC_ASSIGN_OR_RETURN(const std::string source, path_of(from));
  EC_ASSIGN_OR_RETURN(const std::string target, path_of(to));
  struct stat status{};
  if (::stat(source.c_str(), &status) == 0 && S_ISREG(status.st_mode) && link_file(source, target)) {
    remember(target, status.st_dev);
    return true;
  }
  return copy_through(*this, from, *this, to, existing);
}

Result<std::shared_ptr<arrow::io::OutputStream>> LocalStore::open_output(std::string_view key, Existing existing) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  if (existing == Existing::kRefuse && ::access(path.c_str(), F_OK) == 0) return already_there(uri(key));
  EC_ASSIGN_OR_RETURN(TempFile file, TempFile::create(path, uri(key), Sync::kLater));
  return std::make_shared<Output>(*this, std::move(file), path, uri(key), existing);
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> LocalStore::open_input(std::string_view key,
                                                                            std::optional<std::int64_t>) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_ASSIGN_OR_RETURN(auto file, open_file(path, uri(key)));
  if (!file) return fail(ErrorKind::kNotFound, "{} does not exist", uri(key));
  auto opened = arrow::io::ReadableFile::Open(file->fd.get());
  if (!opened.ok()) return std::unexpected(from_arrow(opened.status()).annotate("reading " + uri(key)));
  file->fd.release();
  return *opened;
}

Status LocalStore::make_durable() {
  std::map<std::uint64_t, std::string> written;
  {
    const MutexLock lock(mutex_);
    written.swap(written_);
  }
  for (const auto& [device, path] : written) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && ::syncfs(fd.get()) == 0) continue;
    const int code = errno;
    remember(path, device);
    return errno_error(code, "syncing the disk of", "file://" + folder);
  }
  return {};
}

}  // namespace earthcatalog::storage
