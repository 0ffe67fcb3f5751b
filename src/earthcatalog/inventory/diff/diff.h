// Differences between two inventories (docs/commands/diff.md): an external sort-merge of both by (bucket, key).
#pragma once

#include <cstdint>
#include <string>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

struct DiffSpec {
  std::string old_inventory, new_inventory;
  std::string out;  ///< URI of the Parquet inventory to write; ends in .parquet
  InventoryOptions inventory_options;
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;  ///< for rows of both; the rest waits in unlinked files
  std::string scratch_folder = "/var/tmp";
  Hooks hooks;  ///< its stop ends early, kCancelled
};

/// Counts which members told versions of objects in both inventories apart. An inventory without dates, sizes and etags
/// tells objects apart by name alone.
struct ComparedBy {
  std::int64_t etag = 0, last_modified = 0, size = 0, name = 0;
};

/// old_objects = changed + removed + unchanged; new_objects = added + changed + unchanged; the rows of an inventory are
/// its objects and its duplicates.
struct DiffReport {
  std::int64_t old_objects = 0, new_objects = 0;
  std::int64_t added = 0, changed = 0, removed = 0, unchanged = 0;
  std::int64_t old_duplicates = 0, new_duplicates = 0;  ///< further rows of an object
  ComparedBy compared_by;
  std::string out;
  double seconds = 0;
};

std::string to_json(const DiffReport& report);
std::string to_text(const DiffReport& report);

/// Reads both inventories side by side, a second time when they turn out not to be in order, and writes the objects
/// that were added, changed or removed, by bucket and key. An object in both has changed when its etag differs; where
/// one of both rows has none, when its last_modified does (to the second where one has no fraction); else its size. Of
/// several rows of an object in one inventory that counts which was modified last, then the one with the greatest etag,
/// then the largest.
///
/// kInvalidArgument when `out` is one of the inventories or no .parquet; else the errors of open_inventory() and of its
/// rows. Nothing is written then.
Result<DiffReport> diff_inventories(storage::Stores& stores, const DiffSpec& spec);

}  // namespace earthcatalog::inventory
