// What a backfill is a backfill of, and how far its chunks have come: `chunks/_run.json` in the staging prefix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/backfill/json.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// What a resumed run must have in common with the one that it resumes.
struct RunSettings {
  std::string inventory, inventory_identity;
  std::string suffix = ".stac.json";
  std::string key_encoding;           ///< "raw", "url", or empty: by format
  std::string source_root = "s3://";  ///< where buckets are
  std::string since_text;             ///< as the user gave it: "2d" means the same instant in all runs of one backfill
  std::optional<TimeMicros> since;    ///< what it meant when the backfill began
  std::optional<std::int64_t> limit;  ///< may grow from run to run
  std::int64_t chunk_size = kDefaultBackfillChunkKeys;  ///< keys
  std::string grid_type = "h3", boundaries_path, id_field;
  int resolution = 1;
  std::string python;  ///< GridSpec::python

  inventory::InventoryOptions inventory_options() const;
  grid::GridSpec grid() const;
  void set_grid(const grid::GridSpec& grid);
  bool is_listing() const { return inventory::is_listing(inventory_identity); }
};

struct RunRecord {
  RunSettings settings;
  TimeMicros started = 0;              ///< tells it from other backfills in the same place, and of the same
  std::int64_t chunks = 0, items = 0;  ///< written so far; of a plan of writing that was not finished: before it
  bool complete = false;               ///< all keys of the inventory, up to the limit, are in chunks
  std::int64_t inventory_rows = 0, skipped_suffix = 0, skipped_since = 0, skipped_versions = 0;
  std::int64_t inventory_dates_unparseable = 0;
  std::optional<std::int64_t> committed_snapshot;  ///< the table has it; what is left is to clean up. 0: no table
  std::string committed_table;                     ///< UUID of the table that has it; empty: no table
  std::int64_t pending = 0;                        ///< objects that the commit left in the lists of pending objects
  int next_attempt = 0;                            ///< of the retry that may follow the commit
  /// Attempts before it are committed. More than 0: what is under way is a retry of what was pending, as a delta.
  int first_attempt = 0;
};

/// kInvalidArgument names the first setting in which `now` differs, with both values; a larger limit is no difference.
Status check_same(const RunSettings& before, const RunSettings& now);

EC_SPEC(RunSettings, inventory, inventory_identity, suffix, key_encoding, source_root, since_text, since, limit,
        chunk_size, grid_type, boundaries_path, id_field, resolution, python)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RunRecord, settings, chunks, items, complete, inventory_rows,
                                                skipped_suffix, skipped_since, skipped_versions,
                                                inventory_dates_unparseable, committed_snapshot, committed_table,
                                                started, pending, next_attempt, first_attempt)

}  // namespace earthcatalog::backfill
