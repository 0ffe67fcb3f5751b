#include "earthcatalog/backfill/tasks/task_spec.h"

#include <utility>

#include "earthcatalog/backfill/tasks/lost_files.h"

namespace earthcatalog::backfill {
namespace {

// Nothing when the report is cut short: the task is done again.
Result<std::optional<DoneTask>> parse_done_task(const Staging& staging, const CompactTaskSpec& spec,
                                                const std::string& text) {
  auto report = parse_json<CompactTaskReport>(text, "a task's report");
  if (!report) return std::nullopt;
  auto files = read_file_list(staging, report->manifest, *spec.columns);
  if (!files) return std::nullopt;
  return DoneTask{.report = *std::move(report), .files = *std::move(files)};
}

}  // namespace

void to_json(nlohmann::json& json, const TaskFile& file) {
  json = {{"s3_key", file.path},
          {"grid_partition", file.partition.cell},
          {"year", file.partition.year},
          {"row_count", file.rows},
          {"file_size_bytes", file.bytes}};
}

void from_json(const nlohmann::json& json, TaskFile& file) {
  json.at("s3_key").get_to(file.path);
  json.at("grid_partition").get_to(file.partition.cell);
  json.at("year").get_to(file.partition.year);
  json.at("row_count").get_to(file.rows);
  json.at("file_size_bytes").get_to(file.bytes);
}

std::string task_key(const CompactTaskSpec& spec) {
  CompactTaskSpec what = spec;
  what.task = 0;
  what.run_id.clear();
  what.first_part = 0;
  what.memory_limit_bytes = 0;
  what.workers = 1;
  return to_hex(hash128(to_json_text(what))).substr(0, 16);
}

Result<std::optional<DoneTask>> read_done_task(const Staging& staging, const CompactTaskSpec& spec) {
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(staging.task_report(spec.task, task_key(spec))));
  if (!text) return std::nullopt;
  return parse_done_task(staging, spec, *text);
}

Result<std::optional<DoneTask>> whole_task(storage::Stores& stores, const Staging& staging, const CompactTaskSpec& spec,
                                           const std::string& text) {
  EC_ASSIGN_OR_RETURN(auto done, parse_done_task(staging, spec, text));
  if (!done) return std::nullopt;
  EC_ASSIGN_OR_RETURN(const auto lost, find_lost(stores, spec.warehouse, done->files.added));
  if (lost) return std::nullopt;
  return done;
}

Status write_schema(const Staging& staging, const TableSchema& schema) {
  return staging.write(staging.schema(schema_name(schema)), to_json_text(schema));
}

Result<std::shared_ptr<const TableSchema>> read_schema(const Staging& staging, const std::string& name) {
  const auto uri = staging.schema(name);
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(uri));
  if (!text) return fail(ErrorKind::kNotFound, "{} is gone; plan again", uri);
  EC_ASSIGN_OR_RETURN(auto schema, parse_json<TableSchema>(*text, uri));
  return std::make_shared<const TableSchema>(std::move(schema));
}

Result<TaskReference> write_task(const Staging& staging, const CompactTaskSpec& spec) {
  TaskReference task{.staging = spec.staging, .parts = spec.parts, .task = spec.task, .key = task_key(spec)};
  EC_TRY(staging.write(staging.task_spec(task.task, task.key), to_json_text(spec)));
  return task;
}

Result<CompactTaskSpec> read_task(storage::Stores& stores, const TaskReference& task) {
  const Staging staging(stores, task.staging, task.parts);
  const auto uri = staging.task_spec(task.task, task.key);
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(uri));
  if (!text) return fail(ErrorKind::kNotFound, "{} is gone; plan again", uri);
  EC_ASSIGN_OR_RETURN(auto spec, parse_json<CompactTaskSpec>(*text, uri));
  spec.workers = task.workers;
  return spec;
}

}  // namespace earthcatalog::backfill
