#include "earthcatalog/backfill/group_merge.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/backfill/lines_source.h"
#include "earthcatalog/backfill/part_source.h"
#include "earthcatalog/pipeline/bucket_merge.h"
#include "earthcatalog/pipeline/part_writer.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kCopyBytes = 32 << 20;  // at a time

Status copy_all(arrow::io::RandomAccessFile& in, std::int64_t size_bytes, const storage::Location& to) {
  EC_ASSIGN_OR_RETURN(const auto out, to.store->open_output(to.key));
  const auto copy = [&]() -> arrow::Status {
    for (std::int64_t offset = 0; offset < size_bytes; offset += kCopyBytes) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, in.ReadAt(offset, std::min(kCopyBytes, size_bytes - offset)));
      ARROW_RETURN_NOT_OK(out->Write(piece));
    }
    return out->Close();
  };
  if (const auto status = copy(); !status.ok()) {
    return std::unexpected(storage::from_arrow(status).annotate("copying to " + to.uri()));
  }
  return {};
}

std::int64_t bytes_of(const Group& group) {
  std::int64_t bytes = 0;
  for (const auto& file : group.files) bytes += file.bytes;
  return bytes;
}

std::int64_t count_primary(const arrow::RecordBatch& rows) {
  const auto column = std::dynamic_pointer_cast<arrow::BooleanArray>(rows.GetColumnByName("grid_primary"));
  return column ? column->true_count() : 0;
}

}  // namespace

bool is_copied(const Group& group, std::int64_t compact_rows) {
  return group.files.size() == 1 && group.dropped.empty() && group.files[0].form == PartForm::kSame &&
         group.files[0].rows <= compact_rows;
}

Status GroupMerge::read_copies() {
  if (spec_.copies.empty()) return {};
  EC_ASSIGN_OR_RETURN(auto list, read_file_list(staging_, spec_.copies, spec_.schema));
  for (auto& file : list.added) copies_.emplace(file.file_path, std::move(file));
  return {};
}

Status GroupMerge::run(std::span<const Group* const> groups) {
  EC_TRY(read_copies());
  for (std::size_t first = 0, end = 0; first < groups.size(); first = end) {
    std::int64_t bytes = 0;
    do {
      bytes += bytes_of(*groups[end]);
    } while (++end < groups.size() && bytes + bytes_of(*groups[end]) <= kReadAheadBytes);
    const auto window = groups.subspan(first, end - first);
    contents_.clear();
    if (staging_.is_direct() && bytes <= kReadAheadBytes) EC_TRY(read_ahead(window));
    for (const auto* group : window) EC_TRY(add(*group));
  }
  return {};
}

Status GroupMerge::read_ahead(std::span<const Group* const> groups) {
  std::vector<FileToRead> files;
  for (const auto* group : groups) {
    for (const auto& file : group->files) files.push_back({staged_file(*group, file), file.attempt});
  }
  EC_ASSIGN_OR_RETURN(auto contents, read_rows(staging_, files));
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [file, attempt] = files[i];
    contents_[staging_.rows(file.bucket, attempt, file.part)] = arrow::Buffer::FromString(std::move(contents[i]));
  }
  return {};
}

Status GroupMerge::add(const Group& group) {
  if (group.files.empty()) return {};
  const auto& first = group.files.front();
  const auto uri = staging_.rows(group.bucket, first.attempt, first.part);
  const auto known = is_copied(group, spec_.compact_rows) ? copies_.find(uri) : copies_.end();
  return known != copies_.end() ? copy(group, known->second) : merge(group);
}

Status GroupMerge::copy(const Group& group, const iceberg::DataFile& file) {
  const GroupFile& part = group.files.front();
  EC_ASSIGN_OR_RETURN(const auto to, stores_.locate(names_.next(pipeline::bucket_of(file.partition))));
  if (const auto content = contents_.find(file.file_path); content != contents_.end()) {
    EC_TRY(to.store->put(to.key, std::string_view(*content->second)));
  } else {
    EC_ASSIGN_OR_RETURN(const auto from, open_rows(staging_, staged_file(group, part), part.attempt));
    EC_TRY(annotate(copy_all(*from, part.bytes, to), file.file_path));
  }
  files_.push_back(file);
  files_.back().file_path = to.uri();
  rows_ += part.rows;
  items_ += part.items;
  return {};
}

std::unique_ptr<pipeline::RowSource> GroupMerge::source_of(const Group& group, const GroupFile& file) const {
  std::unordered_set<Hash128> dropped;
  if (!staging_.is_direct()) {
    for (const auto& object : group.dropped) {
      if (object.attempt == file.attempt) dropped.insert(object.object);
    }
    return std::make_unique<LinesSource>(staging_, staged_file(group, file), file.attempt, std::move(dropped), schema_);
  }
  for (const auto& object : group.dropped) {
    if (object.attempt == file.attempt && object.take == file.part / kPartsPerTake) dropped.insert(object.identity);
  }
  PartRows part{.uri = staging_.rows(group.bucket, file.attempt, file.part),
                .rows = file.rows,
                .bytes = file.bytes,
                .form = file.form,
                .dropped = std::move(dropped),
                .content = nullptr};
  if (const auto content = contents_.find(part.uri); content != contents_.end()) part.content = content->second;
  return std::make_unique<PartSource>(stores_, std::move(part), schema_);
}

Status GroupMerge::merge(const Group& group) {
  std::vector<std::unique_ptr<pipeline::RowSource>> sources;
  std::int64_t rows = 0;
  for (const auto& file : group.files) {
    rows += file.rows;
    const bool here = contents_.contains(staging_.rows(group.bucket, file.attempt, file.part));
    if (staging_.is_direct() && !here) EC_TRY(open_rows(staging_, staged_file(group, file), file.attempt));  // its size
    sources.push_back(source_of(group, file));
  }
  pipeline::BucketMerge merge(writer_.schema(), {.memory_limit_bytes = spec_.memory_limit_bytes});
  EC_TRY(merge.read(sources));
  pipeline::PartWriter out(stores_, names_, writer_.of(group.bucket.cell), pipeline::partition_of(group.bucket),
                           {.rows = merge.rows(), .most_rows = spec_.compact_rows});
  const auto status = merge.write([&](const std::shared_ptr<arrow::RecordBatch>& batch) {
    items_ += count_primary(*batch);
    return out.append(batch);
  });
  files_.insert(files_.end(), out.files().begin(), out.files().end());
  rows_ += merge.rows();
  dropped_rows_ += rows - merge.rows();
  return status;
}

}  // namespace earthcatalog::backfill
