#include "earthcatalog/result.h"

namespace earthcatalog {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kAlreadyExists:
      return "already exists";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kLocked:
      return "locked";
    case ErrorKind::kInvalidArgument:
      return "invalid argument";
    case ErrorKind::kInvalidData:
      return "invalid data";
    case ErrorKind::kIOError:
      return "I/O error";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kPermissionDenied:
      return "permission denied";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace earthcatalog
