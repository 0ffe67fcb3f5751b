// Arrow's and Parquet's errors as ours. Internal to this module.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <parquet/exception.h>

#include <cerrno>
#include <new>
#include <utility>

#include "earthcatalog/result.h"

namespace earthcatalog::geoparquet {

/// `invalid`: what a status that blames the data means here. Reading, a malformed file; writing, the caller's rows.
inline Error from_arrow(const arrow::Status& status, ErrorKind invalid) {
  const int number = arrow::internal::ErrnoFromStatus(status);
  ErrorKind kind = invalid;
  if (number == ENOENT) {
    kind = ErrorKind::kNotFound;
  } else if (number == EACCES || number == EPERM || number == EROFS) {
    kind = ErrorKind::kPermissionDenied;
  } else if (status.IsCancelled()) {
    kind = ErrorKind::kCancelled;
  } else if (number != 0 || status.IsOutOfMemory()) {
    kind = ErrorKind::kIOError;
  } else if (status.IsNotImplemented()) {
    kind = ErrorKind::kUnsupported;
  }
  return Error{kind, status.ToStringWithoutContextLines()};
}

/// Runs `body`, which returns a Result or Status, and turns what Parquet throws into its error.
template <class Body>
auto guarded(ErrorKind invalid, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const parquet::ParquetStatusException& e) {
    return std::unexpected(from_arrow(e.status(), invalid));
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::kIOError, "out of memory");
  } catch (const std::exception& e) {
    return fail(invalid, "{}", e.what());
  }
}

}  // namespace earthcatalog::geoparquet

/// Assigns the value of `expression`, an arrow::Result, to `target`, or returns its error of kind `invalid`.
#define EC_ARROW_ASSIGN(target, invalid, ...) \
  EC_ARROW_ASSIGN_IMPL(EC_CONCAT(ec_arrow_, __LINE__), target, invalid, __VA_ARGS__)
#define EC_ARROW_ASSIGN_IMPL(result, target, invalid, ...)                                  \
  auto result = (__VA_ARGS__);                                                              \
  if (!result.ok()) {                                                                       \
    return std::unexpected(earthcatalog::geoparquet::from_arrow(result.status(), invalid)); \
  }                                                                                         \
  target = std::move(result).ValueUnsafe()

#define EC_ARROW_TRY(invalid, ...)                                                      \
  do {                                                                                  \
    if (const arrow::Status ec_status = (__VA_ARGS__); !ec_status.ok()) {               \
      return std::unexpected(earthcatalog::geoparquet::from_arrow(ec_status, invalid)); \
    }                                                                                   \
  } while (false)
