// Merges the many small files of a table's partitions into few sorted ones, in one commit. See
// docs/commands/compact.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::compact {

struct CompactSpec {
  catalog::CatalogOptions catalog;
  iceberg::FileFilter partitions;                         ///< which cells and years; empty: all
  std::int64_t threshold = 2;                             ///< a partition with fewer files is left alone
  std::int64_t compact_rows = kMostFileRows;              ///< most rows of a file; more than 100,000 make no difference
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;  ///< of all workers together
  int workers = 1;                                        ///< partitions merged at a time
  bool dry_run = false;                                   ///< read and count; write nothing, take no lock
  ProgressFunction progress;
};

/// One partition that was merged, or would be.
struct CompactedPartition {
  std::string cell;
  std::optional<std::int32_t> year;  ///< UTC calendar year; none: "unknown"
  std::int64_t files_before = 0, files_after = 0, rows = 0, dropped_rows = 0, bytes = 0;
};

/// Files, rows and bytes are those of the partitions that were merged, rows and bytes as they are afterwards; the
/// totals are those of the whole warehouse.
struct CompactReport {
  std::string run_id, warehouse;
  bool dry_run = false, interrupted = false;
  std::int64_t buckets_scanned = 0, buckets_compacted = 0, files_before = 0, files_after = 0;
  std::int64_t total_files_before = 0, total_files_after = 0;
  std::int64_t rows = 0, dropped_rows = 0;
  std::int64_t bytes = 0;  ///< of the new files; none in a dry run
  double seconds = 0;
  std::optional<std::int64_t> snapshot_id;     ///< none when nothing was committed
  std::vector<CompactedPartition> partitions;  ///< by cell and year
};

/// Merges each partition of at least `threshold` files: its rows deduplicated, sorted, in as few files as compact_rows
/// allows. A partition that is so already is left alone. All partitions become visible in one commit; the old files
/// stay where they are. When another writer removed some of them meanwhile, the partitions that this touches are merged
/// again. `stop`, when set, ends it without a commit and with `interrupted`. Errors: those of Catalog::open, kNotFound
/// when there is no table, kConflict when others were first again and again; then nothing has changed either.
Status run_compact(storage::Stores& stores, const CompactSpec& spec, const std::atomic<bool>* stop,
                   CompactReport& report);

/// One JSON object with the names of the members.
std::string to_json(const CompactReport& report);
/// The closing summary for people; ends with a newline.
std::string to_text(const CompactReport& report);

}  // namespace earthcatalog::compact
