// The objects of an inventory as they come, for as long as they come in order: most inventories and all listings do,
// and need no sorting then.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/extsort/object_sorter.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

/// A thread of its own reads ahead, some ten thousand objects.
class InventoryRun : public extsort::ObjectRun {
 public:
  /// Errors of open_inventory(). `stores` must outlive it.
  static Result<std::unique_ptr<InventoryRun>> open(storage::Stores& stores, const std::string& uri,
                                                    const InventoryOptions& options);
  /// Returns true when next() has failed because an object came before an earlier one.
  virtual bool out_of_order() const = 0;
};

}  // namespace earthcatalog::inventory
