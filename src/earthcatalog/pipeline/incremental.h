// The daily job: from an inventory to committed snapshots, on one machine. An upsert: what is recorded with the same
// etag is not fetched again, a newer version of an item replaces its rows in the same commit, an older one is left.
// See docs/incremental.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/pipeline/report.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::pipeline {

/// Less is no use: at that, a commit holds a dozen items.
inline constexpr std::int64_t kLeastMemoryLimitBytes = 64 << 10;

struct IncrementalSpec {
  std::string inventory;  ///< path or URI
  inventory::InventoryOptions inventory_options;
  catalog::CatalogOptions catalog;
  fetch::FetchOptions fetch;
  std::int64_t chunk_size = 20'000;             ///< keys; the unit of fetch and progress
  int workers = 1;                              ///< threads that parse and that write files
  std::int64_t memory_limit_bytes = 768 << 20;  ///< items held and bodies in flight; reaching it commits
  double commit_every_seconds = 15 * 60;
  bool batch_add_files = false;   ///< one commit at the end instead
  bool refetch = false;           ///< fetch also what is recorded as unchanged
  bool dry_run = false;           ///< fetch and count; write nothing
  std::size_t max_columns = 400;  ///< of an auto schema
  std::string problems;           ///< URI of the problems file; empty: none is written
};

/// A look at a run under way. Counts are of objects.
struct Progress {
  std::int64_t settled = 0;  ///< in one of the report's six counts, or held in memory
  std::int64_t committed = 0;
  std::int64_t unchanged = 0, missing = 0, pending = 0, rejected = 0;
  std::int64_t in_flight = 0;
  std::int64_t bytes_fetched = 0, held_bytes = 0;
  std::int64_t total = -1;         ///< of the inventory; negative: nobody can tell
  bool total_is_estimate = false;  ///< by how much of the inventory has been read
  double seconds = 0;
  const char* stage = "";  ///< "fetch", "write", "commit"
  const char* unit = "items";
};

struct Hooks {
  std::function<void(const Progress&)> progress;  ///< called a few times a second, on one thread
  const std::atomic<bool>* stop = nullptr;        ///< set: commit whole chunks, come back with `interrupted`
  std::function<void(const std::string&)> warn;   ///< called at once with what the report's `warnings` have
};

/// An error ends the run; what was committed before it stays, and `report` says what that was, also then. Nothing of an
/// inventory file that cannot be read to its end is ever committed.
Status run_incremental(storage::Stores& stores, const IncrementalSpec& spec, const Hooks& hooks, Report& report);

}  // namespace earthcatalog::pipeline
