// Between phases 2 and 3: what all chunks staged, seen as a whole. One schema, the same whatever the order in which
// chunks were done; which versions of items do not count; and the buckets, cut into tasks of about equal size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/backfill/compact_group.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/catalog/object_index.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::backfill {

struct PlanOptions {
  std::int64_t memory_bytes = 768 << 20;  ///< for looking for items that several objects hold
  std::int64_t task_bytes = 64 << 20;     ///< of NDJSON a task; one large bucket is a task of its own
  std::string scratch_folder = "/var/tmp";
};

/// source_items = staged_items + repeated + missing + pending + rejected.
struct Plan {
  std::string plan_id;                                     ///< tells this plan from one of other chunks or attempts
  std::vector<ChunkRecord> records;                        ///< of all attempts, without their files; in order
  std::vector<Group> groups;                               ///< ascending by bucket
  std::vector<std::pair<std::size_t, std::size_t>> tasks;  ///< first and one past the last group
  std::vector<DroppedObject> dropped;
  std::vector<catalog::ObjectEntry> superseded;  ///< entries of dropped objects, for the object index
  stac::ObservedProperties observed;
  bool all_itslive = true;
  ItemCounts items;  ///< that count

  std::int64_t source_items = 0, staged_items = 0, repeated = 0, missing = 0, pending = 0, rejected = 0;
};

/// Reads the markers of all chunks. kNotFound names the first chunk that is not ingested.
Result<Plan> make_plan(const Staging& staging, const RunRecord& run, const PlanOptions& options);

}  // namespace earthcatalog::backfill
