// The daily job: from an inventory to committed snapshots, on one machine. An upsert: what is recorded with the same
// etag is not fetched again, a newer version of an item replaces its rows in the same commit, an older one is left.
// See docs/commands/incremental.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/missing_rule.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::incremental {

/// Less is no use: at that, a commit holds a dozen items.
inline constexpr std::int64_t kLeastMemoryLimitBytes = 64 << 10;

struct IncrementalSpec {
  std::string inventory;  ///< path or URI
  inventory::InventoryOptions inventory_options;
  catalog::CatalogOptions catalog;
  /// Covers footprints in place of the table's grid, whose properties `catalog.grid` still says; none: that grid.
  std::shared_ptr<const grid::Partitioner> partitioner;
  fetch::FetchOptions fetch;
  std::int64_t chunk_size = kDefaultChunkKeys;            ///< keys; the unit of fetch and progress
  int workers = 1;                                        ///< threads that parse and that write files
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;  ///< items held and bodies in flight; reaching it commits
  double commit_every_seconds = 15 * 60;
  bool batch_add_files = false;                  ///< one commit at the end instead
  bool refetch = false;                          ///< fetch also what is recorded as unchanged
  bool dry_run = false;                          ///< fetch and count; write nothing
  std::size_t max_columns = kDefaultMaxColumns;  ///< of an auto schema
  /// The rule by which missing objects fail the run, which has then committed what it found; none: the caller judges.
  std::optional<ingest::MissingRule> missing = ingest::MissingRule();
  std::string problems;  ///< URI of the problems file; empty: none is written
};

/// kNotFound when nothing of what the inventory lists was found (unchanged objects count as found), or more is missing
/// than allowed. kInvalidArgument: a table of a Python partitioner, and none given. An error ends the run; what was
/// committed before it stays, and `report` says what that was, also then. Nothing of an inventory file that cannot be
/// read to its end is ever committed. `lent`: the catalog, opened for writing, when the caller holds its lock already
/// and goes on holding it; `spec.catalog` then only names the run.
Status run_incremental(storage::Stores& stores, const IncrementalSpec& spec, const Hooks& hooks, ingest::Report& report,
                       catalog::Catalog* lent = nullptr);

}  // namespace earthcatalog::incremental
