// The report of a run, in numbers that add up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/ingest/missing_rule.h"

namespace earthcatalog::ingest {

/// Every object that a run looked at is in exactly one of the six counts after `source_items`.
struct Report {
  std::string run_id;
  std::string warehouse;          ///< of the table; empty when the run ended before it was known
  std::int64_t source_items = 0;  ///< keys after suffix, since and limit
  std::int64_t written_items = 0;
  std::int64_t unchanged = 0;
  std::int64_t superseded = 0;
  std::int64_t missing = 0;
  std::string first_missing;  ///< URI of the first of them
  std::int64_t pending = 0;
  std::int64_t rejected = 0;
  /// Looked at but neither committed nor refused, because the run ended early (Ctrl-C or an error); the next run
  /// takes them up. Zero after a whole run.
  std::int64_t not_done = 0;

  std::int64_t rows = 0;           ///< written: one for each (item, cell)
  std::int64_t files = 0;          ///< data files added; in a dry run an estimate
  std::int64_t bytes = 0;          ///< of those files; in a dry run an estimate
  std::int64_t replaced_rows = 0;  ///< rows that left the table for those of their item's newest version
  std::int64_t rewritten_files = 0;
  std::int64_t commits = 0;

  std::int64_t inventory_rows = 0;
  std::int64_t skipped_suffix = 0, skipped_since = 0, skipped_versions = 0;
  std::int64_t inventory_dates_unparseable = 0;
  std::int64_t item_dates_unparseable = 0;
  std::int64_t undated = 0;    ///< written without a usable datetime: year "unknown"
  std::int64_t unlocated = 0;  ///< written without a usable geometry: cell "__none__"

  std::set<std::string> cells;                                ///< met in this run
  std::set<std::int32_t> years;                               ///< met in this run; unknown left out
  std::map<std::int64_t, std::int64_t> fan_out_distribution;  ///< cells of an item -> items
  std::int64_t bytes_fetched = 0;
  double seconds = 0;
  std::int64_t peak_rss_bytes = 0;
  std::optional<std::int64_t> snapshot_id;
  std::string problems;  ///< URI of the problems file; empty when there was nothing to say
  bool dry_run = false;
  bool interrupted = false;
  /// Chunks of a backfill, in all and staged. Nothing when there were none to look at.
  std::optional<std::int64_t> chunks, chunks_staged;
  bool already_committed = false;     ///< of a backfill: an earlier run made the commit, as `snapshot_id`
  std::vector<std::string> warnings;  ///< of what costs more than it should; settings in backquotes

  double avg_fan_out() const {
    return written_items > 0 ? static_cast<double>(rows) / static_cast<double>(written_items) : 0;
  }
  double items_per_second() const { return seconds > 0 ? static_cast<double>(source_items) / seconds : 0; }
  /// source_items minus all that it must equal; zero in a correct program.
  std::int64_t imbalance() const {
    return source_items - written_items - unchanged - superseded - missing - pending - rejected - not_done;
  }
};

MissingCounts missing_counts(const Report& report);

/// One JSON object with the names of the members, cells and years as counts (unique_cells, unique_years).
std::string to_json(const Report& report);
/// The closing summary for people; ends with a newline.
std::string to_text(const Report& report);

}  // namespace earthcatalog::ingest
