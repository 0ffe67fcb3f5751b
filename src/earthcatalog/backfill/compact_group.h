// Phase 3: the staged rows of some buckets, sorted and written as data files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/backfill/chunk_record.h"
#include "earthcatalog/backfill/staging.h"
#include "earthcatalog/backfill/table_schema.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// One NDJSON file of a bucket.
struct GroupFile {
  Attempt attempt;
  int part = 0;
  std::int64_t rows = 0, bytes = 0;
};

/// An object whose rows do not count, as staged by one attempt: a newer version of its item is staged too.
struct DroppedObject {
  Attempt attempt;
  Hash128 object;
};

struct Group {
  pipeline::Bucket bucket;
  std::vector<GroupFile> files;
  std::vector<DroppedObject> dropped;  ///< those that have rows in the bucket
};

struct CompactGroupSpec {
  std::string staging, warehouse;
  std::string run_id;   ///< 32 hex digits; data files carry its first 8
  std::string plan_id;  ///< of the plan that the task belongs to
  std::int64_t task = 0;
  std::vector<Group> groups;
  TableSchema schema;
  std::int64_t compact_rows = 100'000;  ///< most rows of a file
  int workers = 1;
};

/// rows + dropped_rows = rows of the groups' files.
struct CompactGroupReport {
  std::int64_t task = 0;
  std::string plan_id;
  std::int64_t files = 0, rows = 0, items = 0, dropped_rows = 0, bytes = 0;
  double seconds = 0;
};

/// Writes the data files of the groups into the warehouse, where no snapshot names them yet, their description to
/// Staging::task_files, and last the report to Staging::task_report. A task of the same plan that has its report is not
/// done again. Memory: the rows of the groups, several times their bytes in columns.
Result<CompactGroupReport> compact_group(storage::Stores& stores, const CompactGroupSpec& spec);

/// The data files of a finished task.
Result<std::vector<iceberg::DataFile>> read_task_files(const Staging& staging, std::int64_t task,
                                                       const TableSchema& schema);

void to_json(nlohmann::json& json, const GroupFile& file);
void from_json(const nlohmann::json& json, GroupFile& file);
void to_json(nlohmann::json& json, const DroppedObject& dropped);
void from_json(const nlohmann::json& json, DroppedObject& dropped);
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Group, bucket, files, dropped)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CompactGroupSpec, staging, warehouse, run_id, plan_id, task, groups,
                                                schema, compact_rows, workers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CompactGroupReport, task, plan_id, files, rows, items, dropped_rows,
                                                bytes, seconds)

}  // namespace earthcatalog::backfill
