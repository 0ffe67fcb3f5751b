// Old snapshots leave the table, and then the files that nothing names any more leave the warehouse
// (docs/commands/expire.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintenance/expire/sweep.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

struct ExpireSpec {
  catalog::CatalogOptions catalog;  ///< `mode` is set by run_expire()
  std::int64_t older_than_seconds = 24 * 3600;
  std::int64_t retain_last = 1;  ///< the newest so many snapshots stay, whatever their age
  bool dry_run = false;
};

struct RemovedSnapshot {
  std::int64_t snapshot_id = 0;
  TimeMicros time = 0;
  std::string operation;
};

struct ExpireReport {
  std::string run_id, warehouse;
  bool dry_run = false;
  TimeMicros cutoff = 0;                           ///< what the table needed at this time or since stays
  std::vector<RemovedSnapshot> snapshots_removed;  ///< in a dry run: those that would be
  std::int64_t snapshots_kept = 0;
  std::vector<PlaceCounts> places;
  double seconds = 0;

  std::int64_t snapshots_before() const { return snapshots_kept + static_cast<std::int64_t>(snapshots_removed.size()); }
  PlaceCounts total() const;
};

struct ExpireHooks {
  const std::atomic<bool>* stop = nullptr;                                       ///< set from outside: ends early
  std::function<void(const std::string& uri, std::int64_t size_bytes)> on_dead;  ///< each file, removed or to be
  ProgressFunction progress;
};

/// The snapshots that are to go: those that had been replaced by another as the table's state at `cutoff_ms` already,
/// but not the current one, those that a branch or tag names, and the newest `retain_last`. A snapshot that the
/// snapshot log does not know counts by its own time.
std::vector<std::int64_t> snapshots_to_remove(const iceberg::TableMetadata& metadata, std::int64_t cutoff_ms,
                                              std::int64_t retain_last);

/// Fills `report` also when it fails. kNotFound: no such catalog or table; nothing is created. kInvalidData names a
/// manifest that cannot be read, or a file that should be there and is not: then nothing was changed or, when it came
/// up after the commit, no file was removed. kLocked. kConflict: another writer during the removal; run again.
/// kCancelled after `stop`. A rerun does what is left to do.
Status run_expire(storage::Stores& stores, const ExpireSpec& spec, const ExpireHooks& hooks, ExpireReport& report);

std::string to_json(const ExpireReport& report);
std::string to_text(const ExpireReport& report);

}  // namespace earthcatalog::maintenance
