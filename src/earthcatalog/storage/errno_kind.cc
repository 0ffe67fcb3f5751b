#include "earthcatalog/storage/errno_kind.h"

#include <cerrno>

namespace earthcatalog::storage {

std::optional<ErrorKind> kind_of_errno(int code) {
  switch (code) {
    case ENOENT:
      return ErrorKind::kNotFound;
    case EEXIST:
      return ErrorKind::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermissionDenied;
    case ENOLCK:
    case ENOTSUP:
      return ErrorKind::kUnsupported;
    default:
      return std::nullopt;
  }
}

}  // namespace earthcatalog::storage
