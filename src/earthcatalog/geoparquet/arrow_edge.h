// Arrow's and Parquet's errors as ours. Internal to this module.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/exception.h>

#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::geoparquet {

/// `invalid`: what a status that blames the data means here. Reading, a malformed file; writing, the caller's rows.
inline Error from_arrow(const arrow::Status& status, ErrorKind invalid) {
  Error error = storage::from_arrow(status);
  if (error.kind == ErrorKind::kInvalidData) error.kind = invalid;
  return error;
}

/// `result` with "doing uri: " in front of its error, unless a store has named the object already.
template <class T>
Result<T> name_object(Result<T> result, std::string_view doing, const std::string& uri) {
  if (result || result.error().message.find(uri) != std::string::npos) return result;
  return annotate(std::move(result), fmt::format("{} {}", doing, uri));
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
