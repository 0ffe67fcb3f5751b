// An upsert of staged objects: who owns an item's rows, among what is staged and what the table has already.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/backfill/phases/staged_summary.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/ingest/resolve_versions.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// What an upsert changes besides adding the rows that its summary leaves in.
struct DeltaChanges {
  std::vector<index::ObjectEntry> displaced;  ///< owners that have no rows any more
  std::vector<Hash128> forgotten;             ///< objects whose version counts again
  write::Removals removals;
  std::int64_t more_items = 0;
};

/// Decides on all staged objects, as incremental does; those that lose leave the rows of `summary`. Memory: about
/// `memory_bytes` for entries, 16 bytes for each object, what changes in the table, and what others have recorded of
/// the staged objects since. kCancelled when `hooks` say stop.
Result<DeltaChanges> decide_delta(const Staging& staging, const index::ObjectIndex& index, std::int64_t memory_bytes,
                                  const Hooks& hooks, StagedSummary& summary);

}  // namespace earthcatalog::backfill
