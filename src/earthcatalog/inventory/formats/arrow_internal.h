// Arrow's errors as ours, with what was being done. Internal to the module.
#pragma once

#include <arrow/status.h>

#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::inventory {

inline Status from_arrow(const arrow::Status& status, std::string_view context) {
  if (status.ok()) return {};
  return std::unexpected(storage::from_arrow(status).annotate(context));
}

}  // namespace earthcatalog::inventory
