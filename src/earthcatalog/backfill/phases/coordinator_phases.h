// What the head of a cluster asks of the catalog: the tasks of phase 3, the commit, the clean-up. Each opens the
// catalog by itself and decides anew from what is staged, so that only the spec has to be the same in all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/backfill/json.h"
#include "earthcatalog/backfill/tasks/compact_task.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {
class Lock;
}

namespace earthcatalog::backfill {

struct CoordinatorSpec {
  std::string catalog;  ///< plan_compaction() can do without: it plans for a new table in `warehouse` then
  std::string warehouse, staging;
  std::string parts;         ///< of the direct shape
  std::string run_id;        ///< 32 hex digits; data files and the snapshot carry it
  std::string schema;        ///< "auto", "itslive", or empty: the table's, or by the items
  bool store_tasks = false;  ///< of plan_compaction: the tasks go to the staging prefix, and the report refers to them
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
  std::string hash_index;                         ///< URI; empty: the table's property
  std::optional<std::int64_t> most_missing;       ///< ingest::MissingRule
  std::optional<double> most_missing_share;       ///< the same
  std::shared_ptr<catalog::Lock> held_lock = {};  ///< the catalog's, which the caller holds; no JSON says it
};

struct PlanReport {
  std::string plan_id;
  std::optional<std::int64_t> committed_snapshot;  ///< the summary is in the table already: there are no tasks
  std::vector<CompactTaskSpec> tasks;
  std::vector<TaskReference> stored_tasks;  ///< in place of `tasks`; as JSON under the same name
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
struct CleanupReport {
  std::int64_t removed = 0;  ///< objects
};

/// The specs of phase 3, without a lock. kNotFound when a chunk is not ingested.
/// As all of these, kCancelled when `hooks` say stop.
Result<PlanReport> plan_compaction(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks);
/// The commit of exactly what is staged. kNotFound names the first task that is not done; kConflict when another writer
/// came first: then summary and compact again. Nothing stops it any more once it has committed.
Result<RegisterReport> register_and_cleanup(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks);
/// The commit of what is staged as an upsert. Errors as register_and_cleanup().
Result<RegisterReport> register_delta(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks);
/// kInvalidArgument when what is staged is not committed, unless `restart`.
Result<CleanupReport> cleanup_phase(storage::Stores& stores, const CleanupSpec& spec, const Hooks& hooks);

EC_SPEC(CoordinatorSpec, catalog, warehouse, staging, parts, run_id, schema, store_tasks, max_columns, compact_rows,
        task_bytes, task_memory_bytes, memory_limit_bytes, delta, replace, keep_staging, lock, lock_uri, problems,
        update_hash_index, hash_index, most_missing, most_missing_share)
void to_json(nlohmann::json& json, const PlanReport& report);
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RegisterReport, plan_id, snapshot_id, written_items, superseded,
                                                pending, rows, files, replaced_rows, rewritten_files)
EC_SPEC(CleanupSpec, staging, parts, restart)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CleanupReport, removed)

}  // namespace earthcatalog::backfill
