// Summarizes an inventory without fetching any of its objects: `earthcatalog inspect inventory`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {

struct InventorySummary {
  InventoryInfo info;
  std::string identity;
  InventoryCounts counts;
  std::map<std::string, std::int64_t, std::less<>> items_by_bucket;
  std::int64_t size_bytes = 0;  ///< of the items that have a size
  std::int64_t items_without_size = 0;
  std::optional<TimeMicros> oldest, newest;  ///< last modified, of the items that have a date
};

/// Reads the whole inventory (or its first `options.limit` items) once, as a stream.
Result<InventorySummary> summarize(storage::Stores& stores, std::string_view uri, const InventoryOptions& options);

}  // namespace earthcatalog::inventory
