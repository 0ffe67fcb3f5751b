#include "earthcatalog/backfill/compact_group.h"

#include <arrow/record_batch.h>

#include <chrono>
#include <set>
#include <tuple>
#include <unordered_map>

#include "earthcatalog/backfill/staged_rows.h"
#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/pipeline/parallel.h"
#include "earthcatalog/pipeline/part_names.h"
#include "earthcatalog/pipeline/rewrite.h"
#include "earthcatalog/pipeline/row_cutter.h"
#include "earthcatalog/pipeline/table_writer.h"

namespace earthcatalog::backfill {
namespace {

// A batch's columns hold less than 2 GiB of text each.
constexpr std::int64_t kBatchBytes = 512 << 20;

std::string hex(const Hash128& hash) { return fmt::format("{:02x}", fmt::join(hash.bytes, "")); }

// What decides between two rows of one item in a bucket (catalog::newer).
struct Version {
  std::optional<TimeMicros> updated, last_modified;
  std::string name;
  std::size_t row;
  bool operator>(const Version& other) const {
    return std::tie(updated, last_modified, name) > std::tie(other.updated, other.last_modified, other.name);
  }
};

// One task from its parts; lives for one call of run().
class GroupCompaction {
 public:
  GroupCompaction(storage::Stores& stores, const CompactGroupSpec& spec)
      : stores_(stores), spec_(spec), staging_(stores, spec.staging), names_(spec.warehouse, spec.run_id) {
    for (const auto& object : spec.dropped) {
      dropped_.emplace(object.attempt.chunk, object.attempt.number, object.object);
    }
    report_.task = spec.task;
    report_.plan_id = spec.plan_id;
  }

  Result<CompactGroupReport> run();

 private:
  Status load(std::size_t group);
  Status load_line(std::size_t group, Attempt attempt, std::string_view line);
  Status finish_batch();
  Result<std::vector<iceberg::DataFile>> write();
  Status describe_files(const std::vector<iceberg::DataFile>& files);

  storage::Stores& stores_;
  const CompactGroupSpec& spec_;
  const Staging staging_;
  pipeline::PartNames names_;
  std::set<std::tuple<std::int64_t, int, std::string>> dropped_;
  std::shared_ptr<const stac::ItemSchema> schema_;
  std::optional<iceberg::Schema> table_schema_;

  stac::ItemParser parser_;
  std::optional<stac::ItemBatch> batch_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  std::vector<pipeline::Row> rows_;
  std::vector<grid::Bounds> bounds_;
  std::unordered_map<Hash128, Version> versions_;  // of the items of the group at hand
  std::vector<bool> replaced_;                     // by number of row
  std::string buffer_;
  CompactGroupReport report_;
};

Result<CompactGroupReport> GroupCompaction::run() {
  const auto start = std::chrono::steady_clock::now();
  EC_ASSIGN_OR_RETURN(auto items, item_schema(spec_.schema));
  schema_ = std::make_shared<const stac::ItemSchema>(std::move(items));
  EC_ASSIGN_OR_RETURN(table_schema_, iceberg_schema(spec_.schema));
  for (std::size_t group = 0; group < spec_.groups.size(); ++group) EC_TRY(load(group));
  EC_TRY(finish_batch());
  EC_ASSIGN_OR_RETURN(const auto files, write());
  EC_TRY(describe_files(files));
  report_.files = std::ssize(files);
  for (const auto& file : files) report_.bytes += file.file_size_in_bytes;
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EC_TRY(staging_.write(staging_.task_report(spec_.task), to_json_text(report_)));
  return report_;
}

Status GroupCompaction::load(std::size_t group) {
  versions_.clear();
  const auto& bucket = spec_.groups[group].bucket;
  for (const auto& file : spec_.groups[group].files) {
    const StagedFile staged{.bucket = bucket, .part = file.part, .rows = file.rows, .bytes = file.bytes};
    EC_ASSIGN_OR_RETURN(const std::string text, read_rows(staging_, staged, file.attempt));
    std::int64_t lines = 0;
    for (std::string_view rest = text; !rest.empty(); ++lines) {
      const auto end = rest.find('\n');
      const auto uri = [&] { return staging_.rows(bucket, file.attempt, file.part); };
      if (end == rest.npos) return fail(ErrorKind::kInvalidData, "{}: line {} is cut short", uri(), lines + 1);
      EC_TRY(
          annotate(load_line(group, file.attempt, rest.substr(0, end)), fmt::format("{}: line {}", uri(), lines + 1)));
      rest.remove_prefix(end + 1);
    }
    if (lines != file.rows) {
      return fail(ErrorKind::kInvalidData, "{}: {} lines, and its chunk wrote {}",
                  staging_.rows(bucket, file.attempt, file.part), lines, file.rows);
    }
  }
  return {};
}

Status GroupCompaction::load_line(std::size_t group, Attempt attempt, std::string_view line) {
  EC_ASSIGN_OR_RETURN(const StagedRow staged, parse_line(line));
  if (!dropped_.empty() &&
      dropped_.contains({attempt.chunk, attempt.number, hex(object_hash(staged.object.bucket, staged.object.key))})) {
    ++report_.dropped_rows;
    return {};
  }
  if (!batch_) batch_.emplace(schema_);
  buffer_.reserve(staged.item.size() + 64);
  buffer_.assign(staged.item);
  const auto parsed = parser_.append(buffer_, *batch_);
  if (!parsed) return fail(ErrorKind::kInvalidData, "an item that phase 2 took is none now: {}", parsed.error().reason);

  Version version{parsed->updated, staged.object.last_modified, staged.object.bucket + "/" + staged.object.key,
                  rows_.size()};
  const auto [at, is_new] = versions_.try_emplace(parsed->identity, version);
  bool keep = true;
  if (!is_new) {
    keep = version > at->second;
    if (keep) {
      replaced_[at->second.row] = true;
      at->second = std::move(version);
    }
    ++report_.dropped_rows;
  }
  pipeline::Row row{.group = {group + 1, 0},
                    .batch = static_cast<std::uint32_t>(batches_.size()),
                    .row = parsed->row,
                    .bounds = pipeline::kNoBounds,
                    .primary = staged.primary};
  if (const auto box = parsed->wkb.empty() ? std::nullopt : grid::bounds(parsed->wkb)) {
    row.bounds = static_cast<std::uint32_t>(bounds_.size());
    bounds_.push_back(*box);
  }
  rows_.push_back(row);
  replaced_.push_back(!keep);
  return batch_->bytes() > kBatchBytes ? finish_batch() : Status{};
}

Status GroupCompaction::finish_batch() {
  if (!batch_) return {};
  EC_ASSIGN_OR_RETURN(auto batch, batch_->finish(*schema_));
  batches_.push_back(std::move(batch));
  batch_.reset();
  return {};
}

Result<std::vector<iceberg::DataFile>> GroupCompaction::write() {
  std::vector<pipeline::Row> kept;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!replaced_[i]) kept.push_back(rows_[i]);
  }
  report_.rows = std::ssize(kept);
  for (const auto& row : kept) report_.items += row.primary ? 1 : 0;
  EC_ASSIGN_OR_RETURN(const auto cutter,
                      pipeline::RowCutter::make(schema_, batches_, std::move(kept), std::move(bounds_)));
  EC_ASSIGN_OR_RETURN(const auto writer, pipeline::TableWriter::make(*table_schema_));
  struct File {
    const pipeline::Group* group;
    std::size_t first, count;
  };
  std::vector<File> files;
  const auto most = static_cast<std::size_t>(spec_.compact_rows);
  for (const auto& group : cutter.groups()) {
    for (std::size_t first = 0; first < group.count; first += most) {
      files.push_back({&group, first, std::min(most, group.count - first)});
    }
  }
  std::vector<iceberg::DataFile> written(files.size());
  EC_TRY(pipeline::parallel_for(files.size(), static_cast<std::size_t>(spec_.workers), [&](std::size_t i) -> Status {
    const auto& bucket = spec_.groups[files[i].group->key.cell - 1].bucket;
    EC_ASSIGN_OR_RETURN(const auto rows, cutter.cut(*files[i].group, files[i].first, files[i].count, bucket.cell));
    EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(names_.next(bucket)));
    EC_ASSIGN_OR_RETURN(written[i], writer.of(bucket.cell).write(where, {rows}, pipeline::partition_of(bucket)));
    return {};
  }));
  return written;
}

// As an Iceberg manifest: register takes the files from it without reading a footer.
Status GroupCompaction::describe_files(const std::vector<iceberg::DataFile>& files) {
  EC_ASSIGN_OR_RETURN(const auto partitioning, iceberg::grid_partition_spec(*table_schema_));
  EC_ASSIGN_OR_RETURN(auto manifest, iceberg::ManifestWriter::make({.schema = &*table_schema_, .spec = &partitioning}));
  for (const auto& file : files) {
    EC_TRY(manifest.add({.status = iceberg::ManifestStatus::kAdded,
                         .snapshot_id = {},
                         .sequence_number = {},
                         .file_sequence_number = {},
                         .data_file = file}));
  }
  return staging_.write(staging_.task_files(spec_.task), manifest.finish().bytes);
}

}  // namespace

Result<std::vector<iceberg::DataFile>> read_task_files(const Staging& staging, std::int64_t task,
                                                       const TableSchema& schema) {
  EC_ASSIGN_OR_RETURN(const auto table_schema, iceberg_schema(schema));
  EC_ASSIGN_OR_RETURN(const auto partitioning, iceberg::grid_partition_spec(table_schema));
  iceberg::ManifestFile line;
  line.manifest_path = staging.task_files(task);
  EC_ASSIGN_OR_RETURN(const auto bytes, staging.read(line.manifest_path));
  if (!bytes) return fail(ErrorKind::kNotFound, "{} is gone; run again", line.manifest_path);
  std::vector<iceberg::DataFile> files;
  EC_TRY(iceberg::read_manifest(*bytes, line, partitioning, {}, [&](iceberg::ManifestEntry&& entry) -> Status {
    files.push_back(std::move(entry.data_file));
    return {};
  }));
  return files;
}

namespace {

// Between a killed run and the one that resumes it, `expire` may have taken the files, which no snapshot named.
Result<bool> files_are_there(const Staging& staging, const CompactGroupSpec& spec) {
  const auto files = read_task_files(staging, spec.task, spec.schema);
  if (!files) return false;
  for (const auto& file : *files) {
    EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(file.file_path));
    EC_ASSIGN_OR_RETURN(const auto info, where.store->head(where.key));
    if (!info || info->size_bytes != file.file_size_in_bytes) return false;
  }
  return true;
}

}  // namespace

Result<CompactGroupReport> compact_group(storage::Stores& stores, const CompactGroupSpec& spec) {
  const Staging staging(stores, spec.staging);
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(staging.task_report(spec.task)));
  if (text) {
    auto report = parse_json<CompactGroupReport>(*text, staging.task_report(spec.task));
    if (report && report->plan_id == spec.plan_id) {
      EC_ASSIGN_OR_RETURN(const bool complete, files_are_there(staging, spec));
      if (complete) return report;
    }
  }
  return annotate(GroupCompaction(stores, spec).run(), fmt::format("compaction task {}", spec.task));
}

void to_json(nlohmann::json& json, const GroupFile& file) {
  json = {file.attempt.chunk, file.attempt.number, file.part, file.rows, file.bytes};
}

void from_json(const nlohmann::json& json, GroupFile& file) {
  json.at(0).get_to(file.attempt.chunk);
  json.at(1).get_to(file.attempt.number);
  json.at(2).get_to(file.part);
  json.at(3).get_to(file.rows);
  json.at(4).get_to(file.bytes);
}

void to_json(nlohmann::json& json, const DroppedObject& dropped) {
  json = {dropped.attempt.chunk, dropped.attempt.number, dropped.object};
}

void from_json(const nlohmann::json& json, DroppedObject& dropped) {
  json.at(0).get_to(dropped.attempt.chunk);
  json.at(1).get_to(dropped.attempt.number);
  json.at(2).get_to(dropped.object);
}

}  // namespace earthcatalog::backfill
