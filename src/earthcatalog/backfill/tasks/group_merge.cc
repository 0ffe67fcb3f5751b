#include "earthcatalog/backfill/tasks/group_merge.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/write/data_file_source.h"
#include "earthcatalog/write/rolling_writer.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kCopiesAtOnce = 8;  // of local files
// What writing a file takes beside its rows.
constexpr std::int64_t kFileBytes = 256 << 10;

std::int64_t bytes_of(const StagedGroup& group) {
  std::int64_t bytes = 0;
  for (const auto& file : group.files) bytes += file.bytes;
  return bytes;
}

std::int64_t count_primary(const arrow::RecordBatch& rows) {
  const auto column = std::dynamic_pointer_cast<arrow::BooleanArray>(rows.GetColumnByName("grid_primary"));
  return column ? column->true_count() : 0;
}

}  // namespace

bool is_copied(const StagedGroup& group, std::int64_t compact_rows) {
  return group.files.size() == 1 && group.dropped.empty() && group.files[0].form == PartForm::kSame &&
         group.files[0].rows <= compact_rows;
}

Status GroupMerge::read_copies() {
  if (spec_.copies.empty()) return {};
  EC_ASSIGN_OR_RETURN(auto list, read_file_list(staging_, spec_.copies, *spec_.columns));
  for (auto& file : list.added) copies_.emplace(file.file_path, std::move(file));
  return {};
}

Status GroupMerge::run(std::span<const StagedGroup* const> groups) {
  EC_TRY(read_copies());
  std::vector<const StagedGroup*> copied, merged;
  for (const auto* group : groups) {
    if (!group->files.empty()) (copy_of(*group) != nullptr ? copied : merged).push_back(group);
  }
  EC_TRY(copy(copied));
  for (std::size_t first = 0, end = 0; first < merged.size(); first = end) {
    std::int64_t bytes = bytes_of(*merged[end]);
    for (++end; end < merged.size() && bytes + bytes_of(*merged[end]) <= kReadAheadBytes; ++end) {
      bytes += bytes_of(*merged[end]);
    }
    const auto window = std::span(merged).subspan(first, end - first);
    contents_.clear();
    if (staging_.form().reads_ahead() && bytes <= kReadAheadBytes) EC_TRY(read_ahead(window));
    EC_TRY(parallel_for(
        window.size(), stores_.parallel(static_cast<std::size_t>(spec_.workers), spec_.memory_limit_bytes),
        [&](std::size_t i) { return merge(*window[i]); },
        [&](std::size_t i) {
          return std::min(spec_.memory_limit_bytes, kFileBytes + 3 * write::bytes_in_memory(bytes_of(*window[i])));
        }));
  }
  return {};
}

Status GroupMerge::read_ahead(std::span<const StagedGroup* const> groups) {
  std::vector<FileToRead> files;
  for (const auto* group : groups) {
    for (const auto& file : group->files) files.push_back({staged_file(*group, file), file.attempt});
  }
  EC_ASSIGN_OR_RETURN(auto contents, read_rows(staging_, files));
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [file, attempt] = files[i];
    contents_[staging_.rows(file.partition, attempt, file.number)] = arrow::Buffer::FromString(std::move(contents[i]));
  }
  return {};
}

// What the manifest says of the group's only part, when that is copied; else null.
const iceberg::DataFile* GroupMerge::copy_of(const StagedGroup& group) const {
  if (!is_copied(group, spec_.compact_rows)) return nullptr;
  const StagedGroupFile& part = group.files.front();
  const auto known = copies_.find(staging_.rows(group.partition, part.attempt, part.number));
  return known != copies_.end() ? &known->second : nullptr;
}

// Side by side: on S3 what takes time is to wait for each.
Status GroupMerge::copy(std::span<const StagedGroup* const> groups) {
  std::vector<std::string> written(groups.size());  // URIs; empty: not written
  const auto status = parallel_for(groups.size(), stores_.parallel(kCopiesAtOnce), [&](std::size_t i) -> Status {
    EC_TRY(check_stop(hooks_));
    const StagedGroupFile& part = groups[i]->files.front();
    meter_.add(part.rows);
    const auto next = [&] { return stores_.locate(names_.next(groups[i]->partition)); };
    EC_ASSIGN_OR_RETURN(written[i], copy_rows(staging_, {staged_file(*groups[i], part), part.attempt}, next));
    return {};
  });
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (written[i].empty()) continue;
    files_.push_back(*copy_of(*groups[i]));
    files_.back().file_path = written[i];
    rows_ += groups[i]->files.front().rows;
    items_ += groups[i]->files.front().items;
  }
  return status;
}

Status GroupMerge::merge(const StagedGroup& group) {
  std::vector<std::unique_ptr<write::RowSource>> sources;
  std::int64_t rows = 0;
  for (const auto& file : group.files) {
    rows += file.rows;
    EC_ASSIGN_OR_RETURN(sources.emplace_back(), staging_.form().source(staging_, group, file, schema_, contents_));
  }
  compact::PartitionMerge merge(writer_.schema(), {.memory_limit_bytes = spec_.memory_limit_bytes});
  EC_TRY(merge.read(sources));
  write::RollingWriter out(stores_, names_, writer_.of(group.partition.cell), write::partition_key(group.partition),
                           {.rows = merge.rows(), .most_rows = spec_.compact_rows});
  std::int64_t items = 0;
  const auto status = merge.write([&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
    EC_TRY(check_stop(hooks_));
    items += count_primary(*batch);
    return out.append(batch);
  });
  meter_.add(rows);
  const MutexLock lock(mutex_);
  items_ += items;
  files_.insert(files_.end(), out.files().begin(), out.files().end());
  rows_ += merge.rows();
  dropped_rows_ += rows - merge.rows();
  return status;
}

}  // namespace earthcatalog::backfill
