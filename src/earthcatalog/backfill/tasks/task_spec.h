// Tasks of phase 3: their specs and reports, and where these lie in the staging prefix.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/backfill/staging/file_list.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/staged_group.h"
#include "earthcatalog/backfill/staging/staged_schema.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct CompactTaskSpec {
  std::string staging, warehouse;
  std::string parts;   ///< of the direct shape; empty: the groups' files are NDJSON
  std::string run_id;  ///< 32 hex digits; data files carry its first 8
  int first_part = 0;  ///< number of the first data file of each partition
  std::int64_t task = 0;
  TimeMicros started = 0;  ///< RunRecord::started: what another backfill left in the same place is not taken for ours
  std::vector<StagedGroup> groups;
  std::string present;       ///< manifest of the table's files in partitions with removals; empty: there are none
  std::string name_mapping;  ///< the table's, for reading them (iceberg::kNameMappingProperty)
  std::string copies;        ///< manifest of parts that are data files as they are, for groups of one file; empty: none
  std::string schema;        ///< name of the columns that it writes (Staging::schema())
  std::int64_t compact_rows = kMostFileRows;  ///< most rows of a file
  /// For the rows of a task; a larger partition is sorted in a temporary file.
  std::int64_t memory_limit_bytes = 256 << 20;
  int workers = 1;
  std::shared_ptr<const TableSchema> columns = {};  ///< what `schema` names, for who has them at hand; in no JSON
};

/// A data file that a task wrote.
struct TaskFile {
  std::string path;  ///< relative to the warehouse
  write::Partition partition;
  std::int64_t rows = 0, bytes = 0;
};
void to_json(nlohmann::json& json, const TaskFile& file);
void from_json(const nlohmann::json& json, TaskFile& file);

/// rows + dropped_rows = input_rows.
struct CompactTaskReport {
  std::int64_t task = 0;
  std::string key;                               ///< of its spec
  std::string manifest;                          ///< URI: its files with their bounds, those that go as well
  std::int64_t input_files = 0, input_rows = 0;  ///< of the groups
  std::int64_t files = 0, rows = 0, items = 0, dropped_rows = 0, bytes = 0;
  std::vector<TaskFile> data_files;
  std::int64_t removed_files = 0, removed_rows = 0;  ///< files that lost rows, and how many
  double seconds = 0;
};

/// A task that lies in the staging prefix (write_task()).
struct TaskReference {
  std::string staging, parts;
  std::int64_t task = 0;
  std::string key;
  int workers = 1;
};

/// Tells what a task makes from what any other task makes: a hash of all that it depends on.
std::string task_key(const CompactTaskSpec& spec);

/// The columns that specs name. Reading: kNotFound when they are gone.
Status write_schema(const Staging& staging, const TableSchema& schema);
Result<std::shared_ptr<const TableSchema>> read_schema(const Staging& staging, const std::string& name);
/// A spec, for who has only what refers to it. Reading: kNotFound when it is gone.
Result<TaskReference> write_task(const Staging& staging, const CompactTaskSpec& spec);
Result<CompactTaskSpec> read_task(storage::Stores& stores, const TaskReference& task);

/// A task that is done. Between a killed run and the one that resumes it, `expire` may have taken its data files, which
/// no snapshot named (find_lost()).
struct DoneTask {
  CompactTaskReport report;
  FileList files;
};
/// Nothing when the task has no report, or one that is cut short. `spec` must have its columns.
Result<std::optional<DoneTask>> read_done_task(const Staging& staging, const CompactTaskSpec& spec);
/// The task with the report `text`; nothing also when its data files are gone.
Result<std::optional<DoneTask>> whole_task(storage::Stores& stores, const Staging& staging, const CompactTaskSpec& spec,
                                           const std::string& text);

EC_SPEC(CompactTaskSpec, staging, warehouse, parts, run_id, first_part, task, started, groups, present, name_mapping,
        copies, schema, compact_rows, memory_limit_bytes, workers)
EC_SPEC(TaskReference, staging, parts, task, key, workers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CompactTaskReport, task, key, manifest, input_files, input_rows, files,
                                                rows, items, dropped_rows, bytes, data_files, removed_files,
                                                removed_rows, seconds)

}  // namespace earthcatalog::backfill
