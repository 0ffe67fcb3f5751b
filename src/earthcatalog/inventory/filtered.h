// The rules that turn rows into objects: versions, suffix, since, limit. Internal to the module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/inventory/formats/row.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {

class FilteredInventory final : public Inventory {
 public:
  FilteredInventory(std::unique_ptr<RowReader> rows, InventoryOptions options, InventoryInfo info, std::string identity)
      : rows_(std::move(rows)), options_(std::move(options)), info_(std::move(info)), identity_(std::move(identity)) {}

  Status next(std::vector<storage::ObjectRef>& batch, std::size_t most) override;
  InventoryCounts counts() const override { return counts_; }
  std::string identity() const override { return identity_; }
  const InventoryInfo& info() const override { return info_; }
  std::optional<double> share_read() const override;

 private:
  Result<bool> accept(Row& row);
  Status check_found() const;
  bool at_limit() const { return options_.limit && counts_.items >= *options_.limit; }

  std::unique_ptr<RowReader> rows_;
  InventoryOptions options_;
  InventoryInfo info_;
  std::string identity_;
  InventoryCounts counts_;
  std::string decoded_key_;
  bool ended_ = false;
  bool met_item_ = false;  // among the versions that are passed over
};

}  // namespace earthcatalog::inventory
