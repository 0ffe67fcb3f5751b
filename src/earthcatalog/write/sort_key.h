// The order of rows inside a partition: (platform, datetime).
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "earthcatalog/base/time.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::write {

/// The values that the order looks at, read once for each row instead of once for each comparison.
struct SortKey {
  std::string_view platform;        ///< into the batch; null sorts as the empty string: first
  TimeMicros datetime = INT64_MIN;  ///< null sorts first
  auto operator<=>(const SortKey&) const = default;
};

/// One for each row of `batch`, which must outlive them. A batch without one of the two columns is sorted by the other.
std::vector<SortKey> sort_keys(const arrow::RecordBatch& batch);

}  // namespace earthcatalog::write
