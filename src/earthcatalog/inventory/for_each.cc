#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {
namespace {

constexpr std::size_t kBatchObjects = 10'000;

}  // namespace

Status for_each_batch(Inventory& inventory, const std::function<Status(std::span<const storage::ObjectRef>)>& visit) {
  std::vector<storage::ObjectRef> batch;
  for (;;) {
    EC_TRY(annotate(inventory.next(batch, kBatchObjects), "reading the inventory"));
    if (batch.empty()) return {};
    EC_TRY(visit(batch));
  }
}

Status for_each_object(Inventory& inventory, const std::function<Status(const storage::ObjectRef&)>& visit) {
  return for_each_batch(inventory, [&](std::span<const storage::ObjectRef> batch) -> Status {
    for (const auto& object : batch) EC_TRY(visit(object));
    return {};
  });
}

Status for_each_object(storage::Stores& stores, std::string_view uri, const InventoryOptions& options,
                       const std::function<Status(const storage::ObjectRef&)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto inventory, open_inventory(stores, uri, options));
  return for_each_object(*inventory, visit);
}

}  // namespace earthcatalog::inventory
