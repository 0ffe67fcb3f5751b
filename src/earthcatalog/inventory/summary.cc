#include "earthcatalog/inventory/summary.h"

#include <algorithm>

namespace earthcatalog::inventory {
namespace {

void count(InventorySummary& summary, const storage::ObjectRef& object) {
  const auto bucket = summary.items_by_bucket.find(object.bucket);
  if (bucket == summary.items_by_bucket.end()) {
    summary.items_by_bucket.emplace(object.bucket, 1);
  } else {
    ++bucket->second;
  }
  if (object.size_bytes) {
    summary.size_bytes += *object.size_bytes;
  } else {
    ++summary.items_without_size;
  }
  if (object.last_modified) {
    summary.oldest = std::min(summary.oldest.value_or(*object.last_modified), *object.last_modified);
    summary.newest = std::max(summary.newest.value_or(*object.last_modified), *object.last_modified);
  }
}

}  // namespace

Result<InventorySummary> summarize(storage::Stores& stores, std::string_view uri, const InventoryOptions& options) {
  InventoryOptions any = options;
  any.needs_items = false;
  EC_ASSIGN_OR_RETURN(const auto inventory, open_inventory(stores, uri, any));
  InventorySummary summary;
  EC_TRY(for_each_object(*inventory, [&](const storage::ObjectRef& object) -> Status {
    count(summary, object);
    return {};
  }));
  summary.info = inventory->info();
  summary.identity = inventory->identity();
  summary.counts = inventory->counts();
  return summary;
}

}  // namespace earthcatalog::inventory
