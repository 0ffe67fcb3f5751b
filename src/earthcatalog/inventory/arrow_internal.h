// Arrow's errors as ours. Internal to the module.
#pragma once

#include <arrow/status.h>

#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

inline Status from_arrow(const arrow::Status& status, std::string_view context) {
  if (status.ok()) return {};
  const ErrorKind kind = status.IsIOError() ? ErrorKind::kIOError : ErrorKind::kInvalidData;
  return fail(kind, "{}: {}", context, status.message());
}

}  // namespace earthcatalog::inventory
