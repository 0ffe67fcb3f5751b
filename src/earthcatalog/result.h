// The one error type of the project.
//
// A function that can fail returns Result<T>; "missing" and "lost the race" are results, not errors. The message says
// what went wrong, with which object, and what to do; each layer that knows more about the object adds it once, in
// front ("reading s3://b/k: ...").
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace earthcatalog {

/// Kinds are chosen by what the caller does next, not by where the error came from.
enum class ErrorKind : std::uint8_t {
  kNotFound,          ///< a thing that must exist does not
  kAlreadyExists,     ///< a thing that must not exist does
  kConflict,          ///< another writer won; try again on the new state
  kLocked,            ///< the catalog's lock is another's: nothing can be committed
  kInvalidArgument,   ///< the caller's (user's) request makes no sense: exit code 2 at the command line
  kInvalidData,       ///< bytes that are not what they should be
  kIOError,           ///< disk or network failed; trying again may help
  kUnavailable,       ///< the other side said "later" (429, 503) until patience ran out
  kPermissionDenied,  ///< 401, 403, EACCES
  kUnsupported,       ///< well-formed, but not something this program does
  kCancelled,         ///< the user asked to stop
};

std::string_view to_string(ErrorKind kind);

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kIOError;
  std::string message;
  /// What a program may want to know beside the message: a JSON object, or empty. Of kLocked the record of the lock
  /// (catalog/lock/lock.h).
  std::string detail{};

  /// The same error with `context` and ": " in front of its message.
  Error annotate(std::string_view context) && {
    return Error{kind, fmt::format("{}: {}", context, message), std::move(detail)};
  }
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

/// `result` with `context` in front of its error message, if it holds one.
template <class T>
Result<T> annotate(Result<T> result, std::string_view context) {
  if (!result) result.error() = std::move(result.error()).annotate(context);
  return result;
}

}  // namespace earthcatalog

#define EC_CONCAT_INNER(a, b) a##b
#define EC_CONCAT(a, b) EC_CONCAT_INNER(a, b)

/// Returns from the calling function with the error of `expression`, a Status or Result, if it failed.
#define EC_TRY(...) EC_TRY_IMPL(EC_CONCAT(ec_status_, __COUNTER__), __VA_ARGS__)
#define EC_TRY_IMPL(status, ...)                         \
  do {                                                   \
    if (auto status = (__VA_ARGS__); !status) {          \
      return std::unexpected(std::move(status).error()); \
    }                                                    \
  } while (false)

/// Assigns the value of `expression`, a Result, to `target` (a declaration or a variable), or returns its error.
#define EC_ASSIGN_OR_RETURN(target, ...) \
  EC_ASSIGN_OR_RETURN_IMPL(EC_CONCAT(ec_result_, __COUNTER__), target, __VA_ARGS__)
#define EC_ASSIGN_OR_RETURN_IMPL(result, target, ...)             \
  auto result = (__VA_ARGS__);                                    \
  if (!result) return std::unexpected(std::move(result).error()); \
  target = std::move(result).value()
