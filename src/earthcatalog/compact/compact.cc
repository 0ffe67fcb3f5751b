#include "earthcatalog/compact/compact.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/write/data_file_source.h"
#include "earthcatalog/write/file_names.h"
#include "earthcatalog/write/partition.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/remove_rows.h"
#include "earthcatalog/write/rolling_writer.h"

namespace earthcatalog::compact {
namespace {

using Sources = std::vector<std::unique_ptr<write::RowSource>>;

constexpr int kCommitAttempts = 10;
// Bytes that writing a file takes beside its rows.
constexpr std::int64_t kFileBytes = 256 << 10;

// A partition and what became of it.
struct Merge {
  iceberg::PartitionKey partition;
  std::vector<iceberg::DataFile> before, after;
  std::int64_t files_after = 0, rows = 0, dropped_rows = 0;
  bool needless = false;  // it is merged already

  // Deleted ones included.
  std::int64_t rows_before() const {
    std::int64_t sum = 0;
    for (const auto& file : before) sum += file.record_count;
    return sum;
  }
  bool has_deletes() const {
    return std::ranges::any_of(before, [](const auto& file) { return !file.deletes.empty(); });
  }
};

// Puts our own files, which the object index tells of, before those of another engine: of equally new rows the first
// stays. Files of one run follow each other as it sorted them.
void put_in_order(std::vector<iceberg::DataFile>& files) {
  const auto rank = [](const iceberg::DataFile& file) {
    const auto name = file.file_path.substr(file.file_path.rfind('/') + 1);
    const auto run = file.file_path.substr(file.file_path.rfind('_') + 1);
    return std::tuple(!name.starts_with("part_"), run, name);
  };
  std::ranges::sort(files, {}, rank);
}

// One call of compact(): plans the merges, carries them out and commits them in one snapshot.
class Compaction {
 public:
  Compaction(storage::Stores& stores, const CompactSpec& spec, const std::atomic<bool>* stop, CompactReport& report)
      : stores_(stores), spec_(spec), stop_(stop), report_(report) {}

  Status run();

 private:
  Result<std::unique_ptr<catalog::Catalog>> open() const;
  Status work();
  Status plan();
  Status merge_all();
  Status merge_one(Merge& merge, const write::PartitionWriters& writer);
  Result<bool> is_needless(const Merge& merge, const Sources& sources, const iceberg::Schema& schema) const;
  Status write(PartitionMerge& rows, Merge& merge, const write::PartitionWriters& writer);
  Status commit();
  void discard(const Merge& merge) { write::discard_files(stores_, merge.after); }
  void count();
  bool stopped() const { return stop_ != nullptr && stop_->load(); }
  std::int64_t files_for(std::int64_t rows) const { return (rows + spec_.compact_rows - 1) / spec_.compact_rows; }
  MergeOptions merge_options() const;
  std::int64_t bytes_held(const Merge& merge) const;

  storage::Stores& stores_;
  const CompactSpec& spec_;
  const std::atomic<bool>* stop_;
  CompactReport& report_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<write::FileNames> names_;
  std::vector<Merge> merges_;  // by partition
  std::int64_t merging_at_a_time_ = 1;
};

Status Compaction::run() {
  const Stopwatch time;
  report_.run_id = spec_.catalog.run_id;
  report_.dry_run = spec_.dry_run;
  EC_ASSIGN_OR_RETURN(catalog_, open());
  report_.warehouse = catalog_->warehouse();
  names_ = std::make_unique<write::FileNames>(catalog_->warehouse(), report_.run_id);
  auto status = work();
  if (!status && status.error().kind == ErrorKind::kCancelled && stopped()) {
    report_.interrupted = true;
    status = {};
  }
  if (auto closed = catalog_->close(); status && !closed) status = closed;
  report_.seconds = time.seconds();
  return status;
}

// A first look makes sure that there is a table: opened for writing, a mistyped path would be a new one.
Result<std::unique_ptr<catalog::Catalog>> Compaction::open() const {
  auto options = spec_.catalog;
  options.mode = catalog::OpenMode::kRead;
  EC_ASSIGN_OR_RETURN(auto catalog, catalog::Catalog::open(stores_, options));
  if (spec_.dry_run) return catalog;
  options.mode = catalog::OpenMode::kWrite;
  return catalog::Catalog::open(stores_, options);
}

Status Compaction::work() {
  for (int attempt = 1;; ++attempt) {
    EC_TRY(plan());
    if (auto status = merge_all(); !status) {
      for (const auto& merge : merges_) discard(merge);
      return status;
    }
    const auto committed = commit();
    if (committed) break;
    if (committed.error().kind != ErrorKind::kConflict) return committed;
    if (attempt == kCommitAttempts) {
      for (const auto& merge : merges_) discard(merge);
      return committed;
    }
    EC_TRY(catalog_->refresh());
  }
  count();
  return {};
}

// The partitions of the table as it is now. Those that were merged before a lost race and have the same files still
// keep what was made of them.
Status Compaction::plan() {
  std::map<iceberg::PartitionKey, std::vector<iceberg::DataFile>> partitions;
  iceberg::ListFilesOptions options{.filter = spec_.partitions, .only_counts = true};
  EC_TRY(catalog_->table().list_files(options, [&](iceberg::DataFile&& file) -> Status {
    partitions[file.partition].push_back(std::move(file));
    return {};
  }));
  report_.buckets_scanned = std::ssize(partitions);
  EC_ASSIGN_OR_RETURN(const auto manifests, catalog_->table().manifests());
  report_.total_files_before = 0;
  for (const auto& manifest : manifests) {
    if (manifest.content != iceberg::ManifestContent::kData) continue;
    report_.total_files_before += manifest.added_files_count + manifest.existing_files_count;
  }
  auto merged = std::exchange(merges_, {});
  for (auto& [partition, files] : partitions) {
    // Deletes are applied whatever the number of files.
    const bool deletes = std::ranges::any_of(files, [](const auto& file) { return !file.deletes.empty(); });
    if (std::ssize(files) < spec_.threshold && !deletes) continue;
    put_in_order(files);
    const auto same = std::ranges::find(merged, partition, &Merge::partition);
    if (same != merged.end() && same->before == files) {
      merges_.push_back(std::move(*same));
      merged.erase(same);
    } else {
      merges_.push_back({.partition = partition, .before = std::move(files), .after = {}});
    }
  }
  for (const auto& merge : merged) discard(merge);
  return {};
}

MergeOptions Compaction::merge_options() const {
  return {.memory_limit_bytes = spec_.memory_limit_bytes / merging_at_a_time_,
          .scratch_folder = spec_.catalog.index.scratch_folder};
}

// About what a merge takes: all rows of a partition that fits into a third of its memory, else that memory.
std::int64_t Compaction::bytes_held(const Merge& merge) const {
  std::int64_t bytes = kFileBytes;
  for (const auto& file : merge.before) bytes += 3 * write::bytes_in_memory(file.file_size_in_bytes);
  return std::min(bytes, merge_options().memory_limit_bytes);
}

// The largest first: the last ones to be finished are small.
Status Compaction::merge_all() {
  std::vector<Merge*> todo;
  for (auto& merge : merges_) {
    if (merge.files_after == 0 && !merge.needless) todo.push_back(&merge);
  }
  std::ranges::sort(todo, std::ranges::greater{}, &Merge::rows_before);
  merging_at_a_time_ = std::clamp<std::int64_t>(std::ssize(todo), 1, spec_.workers);
  EC_ASSIGN_OR_RETURN(auto schema, catalog_->plan_schema(*catalog_->item_schema()));
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(std::move(schema)));
  ProgressMeter meter(spec_.progress, {.total = std::ssize(todo), .stage = "merge", .unit = "buckets"});
  const auto work = [&](std::size_t i) -> Status {
    const auto partition = write::partition_of(todo[i]->partition);
    EC_TRY(annotate(merge_one(*todo[i], writer),
                    fmt::format("merging {}/{}", partition.cell, write::year_name(partition.year))));
    meter.add();
    return {};
  };
  EC_TRY(parallel_for(todo.size(), stores_.parallel(static_cast<std::size_t>(spec_.workers), spec_.memory_limit_bytes),
                      work, [&](std::size_t i) { return bytes_held(*todo[i]); }));
  return stopped() ? fail(ErrorKind::kCancelled, "stopped") : Status{};
}

Status Compaction::merge_one(Merge& merge, const write::PartitionWriters& writer) {
  if (stopped()) return fail(ErrorKind::kCancelled, "stopped");
  Sources sources;
  for (const auto& file : merge.before)
    sources.push_back(std::make_unique<write::DataFileSource>(stores_, file, stop_));
  EC_ASSIGN_OR_RETURN(merge.needless, is_needless(merge, sources, writer.schema()));
  if (merge.needless) return {};
  PartitionMerge rows(writer.schema(), merge_options());
  if (spec_.dry_run) {
    EC_ASSIGN_OR_RETURN(const auto scan, scan_keys(sources, writer.schema(), merge_options()));
    merge.dropped_rows = scan.dropped_rows;
    merge.rows = scan.rows - scan.dropped_rows;
  } else {
    EC_TRY(rows.read(sources));
    merge.dropped_rows = rows.dropped_rows();
    merge.rows = rows.rows();
  }
  merge.files_after = files_for(merge.rows);
  return spec_.dry_run ? Status{} : write(rows, merge, writer);
}

// Finds out whether as few files as there can be hold their rows in order already: one run wrote them.
Result<bool> Compaction::is_needless(const Merge& merge, const Sources& sources, const iceberg::Schema& schema) const {
  if (merge.has_deletes() || std::ssize(merge.before) > files_for(merge.rows_before())) return false;
  EC_ASSIGN_OR_RETURN(const auto scan, scan_keys(sources, schema, merge_options()));
  return scan.in_order && scan.dropped_rows == 0;
}

Status Compaction::write(PartitionMerge& rows, Merge& merge, const write::PartitionWriters& writer) {
  write::RollingWriter parts(stores_, *names_, writer.of(write::partition_of(merge.partition).cell), merge.partition,
                             {.rows = merge.rows, .most_rows = spec_.compact_rows});
  auto status = rows.write([&](const auto& batch) -> Status {
    if (stopped()) return fail(ErrorKind::kCancelled, "stopped");
    return parts.append(batch);
  });
  merge.after = parts.files();
  return status;
}

Status Compaction::commit() {
  if (spec_.progress) spec_.progress({.stage = "commit"});
  catalog::CommitRequest request;
  std::int64_t partitions = 0, dropped_rows = 0;
  bool deletes = false;
  for (const auto& merge : merges_) {
    if (merge.needless) continue;
    ++partitions;
    dropped_rows += merge.dropped_rows;
    deletes = deletes || merge.has_deletes();
    request.added.insert(request.added.end(), merge.after.begin(), merge.after.end());
    request.removed.insert(request.removed.end(), merge.before.begin(), merge.before.end());
  }
  if (spec_.dry_run || partitions == 0) return {};
  // Files whose deletes were applied hold fewer rows, though the table has the same: a "replace" counts those of files.
  request.rows_unchanged = dropped_rows == 0 && !deletes;
  EC_ASSIGN_OR_RETURN(request.schema, catalog_->plan_schema(*catalog_->item_schema()));
  // Each item keeps a row in each of its buckets: what the object index says stays true.
  request.objects.more_items = 0;
  request.summary["earthcatalog.compacted-buckets"] = std::to_string(partitions);
  request.summary["earthcatalog.dropped-rows"] = std::to_string(dropped_rows);
  EC_ASSIGN_OR_RETURN(const auto outcome, catalog_->commit(request));
  report_.snapshot_id = outcome.snapshot_id;
  return {};
}

void Compaction::count() {
  for (const auto& merge : merges_) {
    if (merge.needless) continue;
    const auto partition = write::partition_of(merge.partition);
    CompactedPartition counts{.cell = partition.cell,
                              .year = partition.year,
                              .files_before = std::ssize(merge.before),
                              .files_after = merge.files_after,
                              .rows = merge.rows,
                              .dropped_rows = merge.dropped_rows};
    for (const auto& file : merge.after) counts.bytes += file.file_size_in_bytes;
    ++report_.buckets_compacted;
    report_.files_before += counts.files_before;
    report_.files_after += counts.files_after;
    report_.rows += counts.rows;
    report_.dropped_rows += counts.dropped_rows;
    report_.bytes += counts.bytes;
    report_.partitions.push_back(std::move(counts));
  }
  report_.total_files_after = report_.total_files_before - report_.files_before + report_.files_after;
}

}  // namespace

Status run_compact(storage::Stores& stores, const CompactSpec& spec, const std::atomic<bool>* stop,
                   CompactReport& report) {
  return Compaction(stores, spec, stop, report).run();
}

}  // namespace earthcatalog::compact
