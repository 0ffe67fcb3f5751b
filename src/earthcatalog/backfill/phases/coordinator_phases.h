// What the head of a cluster asks of the catalog: the tasks of phase 3, the commit, the clean-up. Each opens the
// catalog by itself and decides anew from what is staged, so that only the spec has to be the same in all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/backfill/json.h"
#include "earthcatalog/backfill/phases/compact_task.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

struct CoordinatorSpec {
  std::string catalog, warehouse, staging;
  std::string parts;   ///< of the direct shape
  std::string run_id;  ///< 32 hex digits; data files and the snapshot carry it
  std::string schema;  ///< "auto", "itslive", or empty: the table's, or by the items
  std::int64_t max_columns = kDefaultMaxColumns, compact_rows = kMostFileRows;
  std::int64_t task_bytes = kDefaultTaskBytes;  ///< of NDJSON a task
  std::int64_t task_memory_bytes = 256 << 20;   ///< for merging the parts of a partition
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  bool delta = false;         ///< of plan_compaction: for register_delta
  bool replace = false;       ///< the table's present rows go in the same commit
  bool keep_staging = false;  ///< no clean-up
  bool lock = true;
  std::string lock_uri;  ///< empty: beside the catalog
  std::string problems;  ///< URI of the problems file; empty: those of the chunks go with the clean-up
  bool update_hash_index = false;
  std::string hash_index;  ///< URI; empty: the table's property
};

struct PlanReport {
  std::string plan_id;
  std::optional<std::int64_t> committed_snapshot;  ///< the summary is in the table already: there are no tasks
  std::vector<CompactTaskSpec> tasks;
};

struct RegisterReport {
  std::string plan_id;
  std::optional<std::int64_t> snapshot_id;
  std::int64_t written_items = 0, superseded = 0, pending = 0;
  std::int64_t rows = 0, files = 0, replaced_rows = 0, rewritten_files = 0;
};

struct CleanupSpec {
  std::string staging, parts;
  bool restart = false;  ///< also what is not committed, and the lists of pending objects
};
struct CleanupReport {};

/// The specs of phase 3, without a lock. kNotFound when a chunk is not ingested.
Result<PlanReport> plan_compaction(storage::Stores& stores, const CoordinatorSpec& spec);
/// The commit of exactly what is staged. kNotFound names the first task that is not done; kConflict when another writer
/// came first: then summary and compact again.
Result<RegisterReport> register_and_cleanup(storage::Stores& stores, const CoordinatorSpec& spec);
/// The commit of what is staged as an upsert. Errors as register_and_cleanup().
Result<RegisterReport> register_delta(storage::Stores& stores, const CoordinatorSpec& spec);
/// kInvalidArgument when what is staged is not committed, unless `restart`.
Result<CleanupReport> cleanup_phase(storage::Stores& stores, const CleanupSpec& spec);

EC_SPEC(CoordinatorSpec, catalog, warehouse, staging, parts, run_id, schema, max_columns, compact_rows, task_bytes,
        task_memory_bytes, memory_limit_bytes, delta, replace, keep_staging, lock, lock_uri, problems,
        update_hash_index, hash_index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PlanReport, plan_id, committed_snapshot, tasks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RegisterReport, plan_id, snapshot_id, written_items, superseded,
                                                pending, rows, files, replaced_rows, rewritten_files)
EC_SPEC(CleanupSpec, staging, parts, restart)
inline void to_json(nlohmann::json& json, const CleanupReport&) { json = nlohmann::json::object(); }

}  // namespace earthcatalog::backfill
