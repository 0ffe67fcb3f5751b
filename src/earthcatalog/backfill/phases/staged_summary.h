// Between phases 2 and 3: what all chunks staged, seen as a whole. One schema, the same whatever the order in which
// chunks were done; which versions of items do not count; and what lies in which partition.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/tasks/compact_task.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/ingest/missing_rule.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::backfill {

struct SummaryOptions {
  bool delta = false;  ///< which of several objects holds an item is left to decide_delta()
  std::int64_t memory_bytes = kDefaultMemoryBytes;  ///< for looking for items that several objects hold
  std::string scratch_folder = "/var/tmp";
  Hooks hooks = {};  ///< its stop ends early, kCancelled
};

/// Where an entry lies among the object runs of all attempts.
struct EntryPosition {
  std::int32_t run = 0;  ///< which of the summary's runs
  std::int64_t row = 0;
  auto operator<=>(const EntryPosition&) const = default;
};

/// One object run of an attempt.
struct PlanRun {
  Spill spill;
  ObjectRun run;
};

/// source_items = staged_items + superseded_before + repeated + missing + pending + rejected.
struct StagedSummary {
  std::string plan_id;     ///< tells this summary from one of other chunks or attempts, or of another backfill
  TimeMicros started = 0;  ///< RunRecord::started
  std::vector<ChunkRecord> records;            ///< of all attempts, without their files; in order
  std::vector<PlanRun> runs;                   ///< of all attempts, in their order
  std::vector<StagedGroup> groups;             ///< ascending by partition
  std::set<EntryPosition> dropped;             ///< entries whose rows do not count
  std::set<EntryPosition> repeated_entries;    ///< those of objects that a later attempt staged again
  std::vector<index::ObjectEntry> superseded;  ///< the others of these, as the object index is to know them
  std::int64_t superseded_before = 0;          ///< items that lost in phase 2 already
  stac::ObservedProperties observed;
  bool all_itslive = true;
  ItemCounts items;  ///< that count

  std::int64_t source_items = 0, staged_items = 0, repeated = 0, missing = 0, pending = 0, rejected = 0;
  std::string first_missing;

  /// Items that get rows.
  std::int64_t counted_items() const { return staged_items - std::ssize(dropped); }
  /// Those that another object of the same item, or of the same name, takes the place of.
  std::int64_t superseded_items() const { return std::ssize(dropped) + repeated + superseded_before; }
};

/// Before the first commit of a backfill: kNotFound when none of its objects was found, or more are missing than `rule`
/// allows.
Status check_found(const StagedSummary& summary, const RunRecord& run, const ingest::MissingRule& rule);

/// Reads the markers of all chunks. kNotFound names the first chunk that is not ingested.
Result<StagedSummary> summarize_staged(const Staging& staging, const RunRecord& run, const SummaryOptions& options);

/// Opens the summary's runs; null where one has no entries.
Result<std::vector<std::unique_ptr<index::RunReader>>> open_runs(const Staging& staging, const StagedSummary& summary);

/// The entries at these places among the summary's runs; `at` is ascending.
Result<std::vector<index::ObjectEntry>> read_entries(const std::vector<std::unique_ptr<index::RunReader>>& runs,
                                                     std::span<const EntryPosition> at);

/// The rows of an entry, if it has any, do not count: they leave the summary's groups and counts.
void leave_out(StagedSummary& summary, const EntryPosition& at, const index::ObjectEntry& entry);
/// leave_out(), because another object owns the rows of its item.
void supersede(StagedSummary& summary, const EntryPosition& at, index::ObjectEntry entry);

}  // namespace earthcatalog::backfill
