// The columns of a run, for its reader and its writer. Internal: leaks Arrow.
#pragma once

#include <arrow/api.h>

#include <memory>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::index {

enum RunColumn : int {
  kObjectColumn,
  kIdentityColumn,
  kStateColumn,
  kEtagColumn,
  kLastModifiedColumn,
  kSizeColumn,
  kUpdatedColumn,
  kYearColumn,
  kCellsColumn,
  kNameColumn,
  kRunColumns
};

/// Values of the column "state".
enum RunState : std::int32_t { kSuperseded = 0, kOwner = 1, kForgotten = 2 };

inline std::shared_ptr<arrow::Schema> run_schema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema({
      arrow::field("object_hash", arrow::fixed_size_binary(16), false),
      arrow::field("identity_hash", arrow::fixed_size_binary(16), false),
      arrow::field("state", arrow::int32(), false),
      arrow::field("etag", arrow::utf8()),
      arrow::field("last_modified", time),
      arrow::field("size", arrow::int64()),
      arrow::field("updated", time),
      arrow::field("year", arrow::int32()),
      arrow::field("cells", arrow::list(arrow::field("element", arrow::utf8(), false)), false),
      arrow::field("name", arrow::utf8()),
  });
}

}  // namespace earthcatalog::index

#define EC_TRY_ARROW(expression)                                           \
  do {                                                                     \
    if (const arrow::Status ec_arrow = (expression); !ec_arrow.ok()) {     \
      return std::unexpected(earthcatalog::storage::from_arrow(ec_arrow)); \
    }                                                                      \
  } while (false)
#define EC_ASSIGN_ARROW(target, ...) EC_ASSIGN_ARROW_IMPL(EC_CONCAT(ec_arrow_, __LINE__), target, __VA_ARGS__)
#define EC_ASSIGN_ARROW_IMPL(result, target, ...)                                               \
  auto result = (__VA_ARGS__);                                                                  \
  if (!result.ok()) return std::unexpected(earthcatalog::storage::from_arrow(result.status())); \
  target = std::move(result).ValueUnsafe()
