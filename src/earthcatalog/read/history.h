// The past of a table, from the summaries of its snapshots: `earthcatalog history`.
//
//     const History history = read_history(table, 20);
//     for (const auto& entry : history.entries) use(entry.time, entry.rows);
//
// Functions of values, safe to call from many threads at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/read/table_reader.h"

namespace earthcatalog::read {

/// One snapshot. A text or count that its writer did not give is empty.
struct HistoryEntry {
  std::int64_t snapshot_id = 0;
  std::optional<std::int64_t> parent;
  TimeMicros time = 0;
  std::string operation;                   ///< "append", "overwrite", "replace", "delete"
  std::string writer;                      ///< "earthcatalog", "spark" …, or "another engine"
  std::string run_id, command, inventory;  ///< of a run of ours
  std::optional<std::int64_t> files_added, files_removed, rows_added, rows_removed, files, rows;
  bool current = false;  ///< what readers see
};

struct History {
  std::string catalog, warehouse;
  std::int64_t snapshots = 0;         ///< of the table; older ones have expired
  std::vector<HistoryEntry> entries;  ///< the newest first
};

/// Returns the newest `most` snapshots of the table (0: all), by their place in its sequence, whichever of them `table`
/// stands on. Reads nothing.
History read_history(const TableReader& table, std::size_t most);

/// Returns one JSON object; `runs` has one member a run of ours, `snapshots` one a snapshot.
std::string to_json(const History& history);
/// Returns a table for people, one line a snapshot.
std::string to_text(const History& history);

}  // namespace earthcatalog::read
