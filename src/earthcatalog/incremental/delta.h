// Finds what is new, changed and gone in a bucket since the table was brought up to date (docs/commands/delta.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/incremental/incremental.h"
#include "earthcatalog/incremental/removed_objects.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::incremental {

struct DeltaSpec {
  std::string inventory;  ///< path or URI
  inventory::InventoryOptions inventory_options;
  catalog::CatalogOptions catalog;
  bool by_id = false;           ///< an object is new when its file name without suffix is no id of the hash index
  bool delete_removed = false;  ///< take the rows of objects that are gone out of the table
  double max_removed = 0.01;    ///< refuse that when a greater share of the objects that the list judges is gone
  std::string out;              ///< URI of the Parquet inventory; empty: among the pending ones
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  std::string scratch_folder = "/var/tmp";
  std::size_t workers = 1;
  /// Ingest what was found: the run to do it with (its inventory is set here, its run id must be another).
  std::optional<IncrementalSpec> ingest;
};

/// rows = added + changed + unchanged + duplicates; written = added + changed + taken_up.
struct DeltaReport {
  std::string run_id, warehouse;
  std::int64_t rows = 0;  ///< of the inventory that count
  std::int64_t added = 0, changed = 0, unchanged = 0;
  std::int64_t duplicates = 0;     ///< further rows of added and changed objects
  std::int64_t taken_up = 0;       ///< objects of earlier pending inventories alone
  std::int64_t pending_files = 0;  ///< those inventories
  std::int64_t pending_left = 0;   ///< earlier ones that stay: another run holds the lock, or none is to be had
  std::int64_t written = 0;
  std::string out;                        ///< what was written and is there; empty: nothing
  std::optional<RemovedObjects> removed;  ///< none: the inventory is not of all objects
  std::optional<DeletedRows> deleted;     ///< with delete_removed
  std::optional<ingest::Report> ingest;   ///< when there was something to ingest
  bool done = true;                       ///< false: ingest ended early or left objects pending; `out` stays
  double seconds = 0;
};

/// Compares by the object index (ObjectIndex::lookup), or by id. In this order: rows of removed objects go, in one
/// commit, under the lock; new and changed objects, and those of earlier pending inventories that are not recorded yet,
/// become one inventory, and those earlier ones go; it is ingested, and goes when nothing of it is left to do. Ended at
/// any point, the next run goes on: an inventory is removed only after what replaces it is there. Earlier inventories
/// are taken up and removed under the lock alone, since their runs may be at them: when another run holds it, they
/// stay, and who wants to ingest is refused.
///
/// kLocked: the lock is held. kInvalidArgument: delete_removed with a part of a list. kInvalidData: more objects
/// are gone than max_removed allows; nothing has changed. kNotFound: no such inventory, table, or (by_id) hash index.
Status run_delta(storage::Stores& stores, const DeltaSpec& spec, const Hooks& hooks, DeltaReport& report);

std::string to_json(const DeltaReport& report);
std::string to_text(const DeltaReport& report);

}  // namespace earthcatalog::incremental
