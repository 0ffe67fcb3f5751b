#include "earthcatalog/cli/output/report_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "earthcatalog/storage/local/local_file.h"

namespace earthcatalog::cli {
namespace {

using storage::Location;

// No object has this etag: a put on the condition that it has changes nothing, and is refused like any other put.
constexpr std::string_view kNoEtag = "00000000000000000000000000000000";

std::optional<std::string> local_path(const Location& at) {
  if (!at.uri().starts_with("file://")) return std::nullopt;
  return "/" + at.key;
}

bool is_device(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

// What a symbolic link points to: the link stays.
std::string target_of(const std::string& path) {
  std::error_code error;
  const auto target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target.string();
}

Result<storage::FileDescriptor> open_device(const std::string& path) {
  storage::FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return storage::errno_error(errno, "writing", path);
  return fd;
}

Status write_device(const std::string& path, std::string_view bytes) {
  EC_ASSIGN_OR_RETURN(const auto fd, open_device(path));
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  while (!bytes.empty()) {
    const auto count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return storage::errno_error(errno, "writing", path);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status check_local(const std::string& path) {
  struct stat status{};
  if (is_device(path)) {
    EC_ASSIGN_OR_RETURN(const auto fd, open_device(path));
    return {};
  }
  const std::string target = target_of(path);
  if (::stat(target.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::kInvalidArgument, "{} is a folder; name a file in it", target);
  }
  const auto folder = std::filesystem::path(target).parent_path();
  if (::stat(folder.c_str(), &status) != 0) {
    return fail(ErrorKind::kNotFound, "the folder {} does not exist; make it, or choose another", folder.string());
  }
  EC_ASSIGN_OR_RETURN(const auto file, storage::TempFile::create(target, target, storage::Sync::kLater));
  return {};
}

// That the bucket is there says a read: of a put on a condition, some servers only say that it is not met.
Status check_object(const Location& at) {
  const auto read = at.store->get_range(at.key, 0, 1);
  if (!read && read.error().kind != ErrorKind::kPermissionDenied) return std::unexpected(read.error());
  const auto put = at.store->put_if_match(at.key, "{}\n", kNoEtag);
  if (!put && put.error().kind == ErrorKind::kUnsupported) return {};  // known at the end
  if (!put) return std::unexpected(put.error());
  // A server that does not know conditions has written it.
  if (put->stored) EC_TRY(at.store->remove(std::vector<std::string>{at.key}));
  return {};
}

Result<Location> locate(storage::Stores& stores, const std::string& place) {
  EC_ASSIGN_OR_RETURN(auto at, stores.locate(place));
  if (at.key.empty() || at.key.ends_with('/')) {
    return fail(ErrorKind::kInvalidArgument, "{} is a folder; name a file in it", at.uri());
  }
  return at;
}

}  // namespace

Status check_report_place(storage::Stores& stores, const std::string& place) {
  EC_ASSIGN_OR_RETURN(const auto at, locate(stores, place));
  const auto path = local_path(at);
  return path ? check_local(*path) : check_object(at);
}

Status write_report(storage::Stores& stores, const std::string& place, std::string_view json) {
  EC_ASSIGN_OR_RETURN(const auto at, locate(stores, place));
  const auto path = local_path(at);
  if (path && is_device(*path)) return write_device(*path, json);
  if (path) {
    const std::string target = target_of(*path);
    EC_ASSIGN_OR_RETURN(auto file, storage::TempFile::create(target, target, storage::Sync::kNow));
    EC_TRY(file.write(json));
    return file.publish();
  }
  EC_ASSIGN_OR_RETURN(const auto put, at.store->put(at.key, json));
  (void)put;
  return {};
}

}  // namespace earthcatalog::cli
