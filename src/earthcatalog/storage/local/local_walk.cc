#include "earthcatalog/storage/local/local_walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "earthcatalog/storage/local/local_file.h"

namespace earthcatalog::storage {
namespace {

struct Folder {
  dev_t device;
  ino_t inode;
  bool operator==(const Folder&) const = default;
};

enum class Files { kObjects, kHidden };

class Walk {
 public:
  Walk(const std::string& root, std::string_view prefix, Files files,
       const std::function<Status(const ObjectInfo&)>& visit)
      : root_(root), prefix_(prefix), files_(files), visit_(visit) {}

  // `inside` is "" or "a/b/", of which `prefix_` allows something.
  Status enter(const std::string& inside) {
    const std::string path = root_ + "/" + inside;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return gone_or_error(path);
    const Folder here{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), here) != above_.end()) return {};
    std::vector<std::string> names;
    EC_TRY(read_names(path, inside, names));
    above_.push_back(here);
    for (const std::string& name : names) {
      EC_TRY(name.ends_with('/') ? enter(inside + name) : visit_file(inside + name));
    }
    above_.pop_back();
    return {};
  }

 private:
  // The allowed entries of a folder in the order of their keys: a folder's name counts with its slash.
  Status read_names(const std::string& path, const std::string& inside, std::vector<std::string>& names) {
    DIR* folder = ::opendir(path.c_str());
    if (folder == nullptr) return gone_or_error(path);
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string_view name = entry->d_name;
      const bool hidden = name.starts_with(kHiddenPrefix);
      if (name != "." && name != ".." && !(hidden && files_ == Files::kObjects)) {
        std::string full(name);
        if (is_folder(folder, *entry)) full += '/';
        const bool wanted = files_ == Files::kObjects || hidden != full.ends_with('/');
        if (wanted && may_hold(inside + full)) names.push_back(std::move(full));
      }
      errno = 0;
    }
    const int code = errno;
    ::closedir(folder);
    if (code != 0) return errno_error(code, "listing", "file://" + path);
    std::sort(names.begin(), names.end());
    return {};
  }

  static bool is_folder(DIR* folder, const dirent& entry) {
    if (entry.d_type == DT_DIR) return true;
    if (entry.d_type == DT_REG) return false;
    struct stat status{};
    return ::fstatat(::dirfd(folder), entry.d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
  }

  bool may_hold(std::string_view key) const {
    return key.starts_with(prefix_) || (key.ends_with('/') && prefix_.starts_with(key));
  }

  Status visit_file(const std::string& key) {
    const std::string path = root_ + "/" + key;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return gone_or_error(path);
    return S_ISREG(status.st_mode) ? visit_(info_of(key, status)) : Status{};
  }

  // A file that is removed while it is listed was not there.
  static Status gone_or_error(const std::string& path) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return errno_error(errno, "listing", "file://" + path);
  }

  const std::string& root_;
  const std::string_view prefix_;
  const Files files_;
  const std::function<Status(const ObjectInfo&)>& visit_;
  std::vector<Folder> above_;
};

}  // namespace

namespace {

Status walk(const std::string& root, std::string_view prefix, Files files,
            const std::function<Status(const ObjectInfo&)>& visit) {
  // Begin as deep as the prefix says: the folders above may hold millions of other names.
  const std::size_t slash = prefix.rfind('/');
  const std::string padded = fmt::format("/{}", prefix.substr(0, slash == prefix.npos ? 0 : slash + 1));
  if (padded.find("/../") != padded.npos || padded.find("/./") != padded.npos) return {};  // no key has such a part
  return Walk(root, prefix, files, visit).enter(slash == prefix.npos ? "" : std::string(prefix.substr(0, slash + 1)));
}

}  // namespace

Status walk_folder(const std::string& root, std::string_view prefix,
                   const std::function<Status(const ObjectInfo&)>& visit) {
  return walk(root, prefix, Files::kObjects, visit);
}

Status walk_hidden(const std::string& root, std::string_view prefix,
                   const std::function<Status(const ObjectInfo&)>& visit) {
  return walk(root, prefix, Files::kHidden, visit);
}

}  // namespace earthcatalog::storage
