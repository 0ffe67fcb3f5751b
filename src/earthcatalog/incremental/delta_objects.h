// The objects of an inventory that a table has not, or not in this version, gathered in order.
#pragma once

#include <array>
#include <string>

#include "earthcatalog/extsort/object_sorter.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/inventory/diff/change_writer.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::incremental {

/// Gathers objects that are to be ingested, sorts them, and writes each once. Not thread-safe.
class DeltaObjects {
 public:
  DeltaObjects(const std::string& scratch_folder, std::int64_t memory_bytes);

  /// Gathers those of the inventory at `uri` that `index` does not know in this version; says how many it does.
  Result<std::int64_t> add_by_object(storage::Stores& stores, const std::string& uri,
                                     const inventory::InventoryOptions& options, const index::ObjectIndex& index,
                                     bool pending);
  /// Gathers those whose file name without the suffix is no id of the hash index at `where`; says how many are.
  Result<std::int64_t> add_by_id(storage::Stores& stores, const std::string& uri,
                                 const inventory::InventoryOptions& options, const storage::Location& where);
  bool empty() const { return gathered_ == 0; }

  struct Counts {
    std::int64_t added = 0, changed = 0;  ///< objects of the inventory
    std::int64_t duplicates = 0;          ///< further rows of them
    std::int64_t taken_up = 0;            ///< objects that only pending inventories have
  };
  /// Writes them to a Parquet file, by bucket and key; of several rows of an object the newest. Nothing may be added
  /// any more.
  Result<Counts> write(const storage::Location& where);

 private:
  Status add(inventory::Change change, bool pending, const storage::ObjectRef& object);

  const std::string scratch_folder_;
  const std::int64_t memory_bytes_;
  std::array<extsort::ObjectSorter, 4> sorters_;  // added, changed; then the same of pending inventories
  std::int64_t gathered_ = 0;
};

}  // namespace earthcatalog::incremental
