#include "earthcatalog/backfill/tasks/compact_task.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/backfill/staging/ndjson_items.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/backfill/tasks/group_merge.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/index/version_order.h"
#include "earthcatalog/write/file_names.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/remove_rows.h"
#include "earthcatalog/write/row_partitioner.h"
#include "earthcatalog/write/write_partitions.h"

namespace earthcatalog::backfill {
namespace {

// A row of an item in a partition.
struct Version {
  std::optional<TimeMicros> updated, last_modified;
  std::string name;
  std::size_t row;
  bool newer_than(const Version& other) const {
    return index::newer(index::ObjectVersion{updated, last_modified, name},
                        index::ObjectVersion{other.updated, other.last_modified, other.name});
  }
};

std::int64_t rows_of(const CompactTaskSpec& spec) {
  std::int64_t rows = 0;
  for (const auto& group : spec.groups) {
    for (const auto& file : group.files) rows += file.rows;
  }
  return rows;
}

// Sorts and writes the rows of one task; run() is called once.
class GroupCompaction {
 public:
  GroupCompaction(storage::Stores& stores, const CompactTaskSpec& spec, const Hooks& hooks)
      : stores_(stores),
        spec_(spec),
        hooks_(hooks),
        staging_(stores, spec.staging, spec.parts),
        names_(spec.warehouse, spec.run_id, spec.first_part),
        meter_(hooks.progress, {.total = rows_of(spec), .stage = "compact", .unit = "rows"}) {
    report_.task = spec.task;
    report_.key = task_key(spec);
    report_.input_rows = rows_of(spec);
    for (const auto& group : spec.groups) report_.input_files += std::ssize(group.files);
  }

  Result<CompactTaskReport> run();

 private:
  // A file of a group that is sorted in memory.
  struct ToLoad {
    std::size_t group;
    const StagedGroupFile* file;
  };

  std::vector<ToLoad> files_to_load() const;
  Status load_all();
  Status load(const ToLoad& what, std::string_view text);
  Status load_line(std::size_t group, std::string_view line);
  bool is_merged(std::size_t group) const;
  Result<std::vector<iceberg::DataFile>> write(const write::PartitionWriters& writer);
  Status merge(const write::PartitionWriters& writer, std::vector<iceberg::DataFile>& files);
  Result<FileList> rewrite(const write::PartitionWriters& writer);
  Result<CompactTaskReport> finish(const FileList& files);
  void discard_but(std::vector<iceberg::DataFile> files, const std::vector<iceberg::DataFile>& kept);
  // Of a task's memory, an eighth is for files on their way.
  Parallel parallel() const {
    return stores_.parallel(static_cast<std::size_t>(spec_.workers), spec_.memory_limit_bytes / 8);
  }

  storage::Stores& stores_;
  const CompactTaskSpec& spec_;
  const Hooks& hooks_;
  const Staging staging_;
  write::FileNames names_;
  ProgressMeter meter_;
  std::shared_ptr<const stac::ItemSchema> schema_;

  std::optional<LineItems> items_;
  std::unordered_map<Hash128, Version> versions_;  // of the items of the group at hand
  std::unordered_set<Hash128> dropped_;            // objects of the file at hand whose rows do not count
  std::vector<bool> replaced_;                     // by number of row
  CompactTaskReport report_;
};

Result<CompactTaskReport> GroupCompaction::run() {
  const Stopwatch time;
  EC_ASSIGN_OR_RETURN(auto items, item_schema(*spec_.columns));
  schema_ = std::make_shared<const stac::ItemSchema>(std::move(items));
  EC_ASSIGN_OR_RETURN(auto table_schema, iceberg_schema(*spec_.columns));
  if (!spec_.name_mapping.empty()) iceberg::set_mapped_names(table_schema, spec_.name_mapping);
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(std::move(table_schema)));
  items_.emplace(schema_);
  EC_TRY(load_all());
  EC_TRY(check_stop(hooks_));
  EC_ASSIGN_OR_RETURN(auto files, rewrite(writer));
  auto status = merge(writer, files.added);
  if (status) status = check_stop(hooks_);
  if (status) {
    auto written = write(writer);
    if (written) std::ranges::move(*written, std::back_inserter(files.added));
    if (!written) status = std::unexpected(std::move(written).error());
  }
  if (!status) {
    write::discard_files(stores_, files.added);
    return std::unexpected(std::move(status).error());
  }
  report_.seconds = time.seconds();
  return finish(files);
}

bool GroupCompaction::is_merged(std::size_t group) const {
  std::int64_t bytes = 0;
  for (const auto& file : spec_.groups[group].files) bytes += file.bytes;
  return !staging_.form().sorts_in_memory(bytes, spec_.memory_limit_bytes);
}

std::vector<GroupCompaction::ToLoad> GroupCompaction::files_to_load() const {
  std::vector<ToLoad> files;
  for (std::size_t group = 0; group < spec_.groups.size(); ++group) {
    if (is_merged(group)) continue;
    for (const auto& file : spec_.groups[group].files) files.push_back({group, &file});
  }
  return files;
}

Status GroupCompaction::load_all() {
  const auto files = files_to_load();
  for (std::size_t first = 0, end = 0; first < files.size(); first = end) {
    std::vector<FileToRead> window;
    for (std::int64_t bytes = 0; end < files.size() && bytes < kReadAheadBytes; ++end) {
      const auto& [group, file] = files[end];
      window.push_back({staged_file(spec_.groups[group], *file), file->attempt});
      bytes += file->bytes;
    }
    EC_ASSIGN_OR_RETURN(const auto texts, read_rows(staging_, window));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EC_TRY(check_stop(hooks_));
      const auto& what = files[first + i];
      meter_.add(what.file->rows);
      if (what.file == spec_.groups[what.group].files.data()) versions_.clear();
      const auto& partition = spec_.groups[what.group].partition;
      EC_TRY(annotate(load(what, texts[i]), staging_.rows(partition, what.file->attempt, what.file->number)));
    }
  }
  return {};
}

Status GroupCompaction::load(const ToLoad& what, std::string_view text) {
  dropped_.clear();
  for (const auto& object : spec_.groups[what.group].dropped) {
    if (object.spill.attempt == what.file->attempt) dropped_.insert(object.object);
  }
  std::int64_t lines = 0;
  for (; !text.empty(); ++lines) {
    const auto end = text.find('\n');
    if (end == text.npos) return fail(ErrorKind::kInvalidData, "line {} is cut short", lines + 1);
    EC_TRY(annotate(load_line(what.group, text.substr(0, end)), fmt::format("line {}", lines + 1)));
    text.remove_prefix(end + 1);
  }
  if (lines != what.file->rows) {
    return fail(ErrorKind::kInvalidData, "{} lines, and its chunk wrote {}", lines, what.file->rows);
  }
  return {};
}

Status GroupCompaction::load_line(std::size_t group, std::string_view line) {
  const std::size_t row = items_->size();
  EC_ASSIGN_OR_RETURN(const auto item, items_->add(line, group, dropped_));
  if (!item) return ++report_.dropped_rows, Status{};
  Version version{item->updated, item->object.last_modified, item->object.bucket + "/" + item->object.key, row};
  const auto [at, is_new] = versions_.try_emplace(item->identity, std::move(version));  // moves only when it is new
  const bool keep = is_new || version.newer_than(at->second);
  if (!is_new) {
    ++report_.dropped_rows;
    if (keep) {
      replaced_[at->second.row] = true;
      at->second = std::move(version);
    }
  }
  replaced_.push_back(!keep);
  return {};
}

Result<std::vector<iceberg::DataFile>> GroupCompaction::write(const write::PartitionWriters& writer) {
  EC_ASSIGN_OR_RETURN(auto items, items_->finish());
  std::vector<write::PartitionRow> kept;
  for (std::size_t i = 0; i < items.rows.size(); ++i) {
    if (!replaced_[i]) kept.push_back(items.rows[i]);
  }
  report_.rows += std::ssize(kept);
  EC_ASSIGN_OR_RETURN(const auto cutter, write::RowPartitioner::make(schema_, std::move(items.batches), std::move(kept),
                                                                     std::move(items.bounds)));
  EC_ASSIGN_OR_RETURN(
      auto written,
      write::write_partitions(
          stores_, cutter, writer,
          {.partition_of = [&](const write::CellYear& key) { return spec_.groups[group_of_key(key)].partition; },
           .next_uri = [&](const write::Partition& partition) { return names_.next(partition); },
           .most_rows = spec_.compact_rows,
           .parallel = parallel()}));
  std::vector<iceberg::DataFile> files;
  for (auto& [file, primaries] : written) {
    report_.items += primaries;
    files.push_back(std::move(file));
  }
  return files;
}

// The groups that are not sorted in memory. After an error `files` names what was written all the same.
Status GroupCompaction::merge(const write::PartitionWriters& writer, std::vector<iceberg::DataFile>& files) {
  GroupMerge merge(stores_, staging_, spec_, hooks_, meter_, schema_, writer, names_);
  std::vector<const StagedGroup*> groups;
  for (std::size_t group = 0; group < spec_.groups.size(); ++group) {
    if (is_merged(group)) groups.push_back(&spec_.groups[group]);
  }
  auto status = merge.run(groups);
  std::ranges::copy(merge.files(), std::back_inserter(files));
  report_.rows += merge.rows();
  report_.items += merge.items();
  report_.dropped_rows += merge.dropped_rows();
  return status;
}

// The table's files without the rows that leave them.
Result<FileList> GroupCompaction::rewrite(const write::PartitionWriters& writer) {
  if (spec_.present.empty()) return FileList{};
  EC_ASSIGN_OR_RETURN(const auto present, read_file_list(staging_, spec_.present, *spec_.columns));
  write::Removals removals;
  for (const auto& group : spec_.groups) {
    if (!group.removals.empty()) removals[group.partition].insert(group.removals.begin(), group.removals.end());
  }
  EC_ASSIGN_OR_RETURN(auto outcome, write::remove_rows(stores_, present.added, removals, names_, writer, parallel()));
  report_.removed_rows = outcome.rows_removed;
  return FileList{.added = std::move(outcome.added), .removed = std::move(outcome.removed)};
}

// The report of another worker that was first, when there is one; then our files are nobody's.
Result<CompactTaskReport> GroupCompaction::finish(const FileList& files) {
  report_.files = std::ssize(files.added);
  report_.removed_files = std::ssize(files.removed);
  std::string paths;
  for (const auto& file : files.added) {
    auto& named = report_.data_files.emplace_back(TaskFile{.path = file.file_path.substr(spec_.warehouse.size() + 1),
                                                           .partition = write::partition_of(file.partition),
                                                           .rows = file.record_count,
                                                           .bytes = file.file_size_in_bytes});
    report_.bytes += named.bytes;
    paths += named.path + "\n";
  }
  EC_ASSIGN_OR_RETURN(const auto bytes, write_file_list(*spec_.columns, files));
  report_.manifest = staging_.task_files(spec_.task, report_.key, to_hex(hash128(paths)).substr(0, 8));
  EC_TRY(staging_.write(report_.manifest, bytes));
  std::optional<DoneTask> others;
  const auto uri = staging_.task_report(spec_.task, report_.key);
  EC_TRY(staging_.publish(uri, to_json_text(report_), [&](const std::string& text) -> Result<bool> {
    EC_ASSIGN_OR_RETURN(others, whole_task(stores_, staging_, spec_, text));
    return others.has_value();
  }));
  if (!others) return report_;
  discard_but(files.added, others->files.added);
  return others->report;
}

// Without conditional writes two workers may have taken the same name.
void GroupCompaction::discard_but(std::vector<iceberg::DataFile> files, const std::vector<iceberg::DataFile>& kept) {
  std::unordered_set<std::string_view> names;
  for (const auto& file : kept) names.insert(file.file_path);
  std::erase_if(files, [&](const iceberg::DataFile& file) { return names.contains(file.file_path); });
  write::discard_files(stores_, files);
}

}  // namespace

Result<CompactTaskReport> compact_group(storage::Stores& stores, const CompactTaskSpec& spec, const Hooks& hooks) {
  const Staging staging(stores, spec.staging, spec.parts);
  if (!spec.columns) {
    auto whole = spec;
    EC_ASSIGN_OR_RETURN(whole.columns, read_schema(staging, spec.schema));
    return compact_group(stores, whole, hooks);
  }
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(staging.task_report(spec.task, task_key(spec))));
  if (text) {
    EC_ASSIGN_OR_RETURN(const auto done, whole_task(stores, staging, spec, *text));
    if (done) return done->report;
  }
  return annotate(GroupCompaction(stores, spec, hooks).run(), fmt::format("compaction task {}", spec.task));
}

}  // namespace earthcatalog::backfill
