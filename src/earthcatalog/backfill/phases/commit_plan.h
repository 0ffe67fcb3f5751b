// What is between phases 2 and 4: the summary of a backfill seen against the table, cut into tasks of phase 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/backfill/phases/staged_summary.h"
#include "earthcatalog/backfill/staging/staged_schema.h"
#include "earthcatalog/backfill/tasks/compact_task.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct CommitPlanOptions {
  std::string run_id;                      ///< 32 hex digits; data files carry its first 8
  int first_part = 0;                      ///< number of the first data file of each partition
  bool delta = false;                      ///< an upsert; else the table holds exactly this afterwards
  bool replace = false;                    ///< not a delta: the table's present rows go
  std::optional<stac::SchemaKind> schema;  ///< of a new table; none: by its items
  std::size_t max_columns = kDefaultMaxColumns;
  std::int64_t compact_rows = kMostFileRows;        ///< most rows of a data file
  std::int64_t memory_bytes = kDefaultMemoryBytes;  ///< for deciding what a delta replaces
  std::int64_t task_memory_bytes = 256 << 20;       ///< for merging the parts of a partition
  std::int64_t task_bytes = kDefaultTaskBytes;      ///< of NDJSON a task; one large partition is a task of its own
  Hooks hooks = {};                                 ///< its stop ends the planning early, kCancelled
};

/// Some groups of the summary, compacted together.
struct Task {
  std::size_t first = 0, end = 0;  ///< groups
  std::string present;             ///< manifest of the table's files in partitions that lose rows; empty: none
  std::string copies;              ///< manifest of parts that need no merging; empty: none
};

/// Right on the state of the catalog that it was made on.
struct CommitPlan {
  CommitPlanOptions options;
  StagedSummary summary;  ///< with what the table has to say
  std::shared_ptr<const TableSchema> schema;
  std::string name_mapping;  ///< the table's, empty without one
  std::vector<Task> tasks;
  // For the commit:
  std::vector<iceberg::DataFile> removed;  ///< of a replaced table, without statistics
  std::vector<index::ObjectEntry> displaced;
  std::vector<Hash128> forgotten;
  std::int64_t more_items = 0;
};

/// A replacement by an empty inventory: the table's rows stay.
inline bool nothing_to_do(const StagedSummary& summary, const CommitPlanOptions& options) {
  return options.replace && !options.delta && summary.source_items == 0;
}

/// Decides the columns of the table, and for a delta what it replaces; writes the tasks' lists of present files.
/// kAlreadyExists when the table has rows and neither `delta` nor `replace` is given.
Result<CommitPlan> make_commit_plan(catalog::Catalog& catalog, const Staging& staging, StagedSummary summary,
                                    const CommitPlanOptions& options);

/// The spec of a task.
CompactTaskSpec task_spec(const CommitPlan& plan, const Staging& staging, const std::string& warehouse,
                          std::size_t task);

/// The data files of the table's current snapshot, without statistics.
Result<std::vector<iceberg::DataFile>> present_files(const catalog::Catalog& catalog);
/// What is said when these are not expected.
Error table_has_rows(std::size_t files);

}  // namespace earthcatalog::backfill
