#include "earthcatalog/pipeline/rewrite.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/pipeline/parallel.h"

namespace earthcatalog::pipeline {
namespace {

std::string_view text_at(const arrow::Array* column, std::int64_t row) {
  if (column == nullptr || column->IsNull(row)) return {};
  return static_cast<const arrow::StringArray*>(column)->GetView(row);
}

// Which rows stay: a mask for Filter, and how many go.
struct Mask {
  std::shared_ptr<arrow::Array> stays;
  std::int64_t dropped = 0;
};

Result<Mask> mask_of(const arrow::RecordBatch& rows, const std::unordered_set<Hash128>& dropped) {
  const auto id = rows.GetColumnByName("id");
  const auto collection = rows.GetColumnByName("collection");
  if (!id || id->type_id() != arrow::Type::STRING || (collection && collection->type_id() != arrow::Type::STRING)) {
    return fail(ErrorKind::kInvalidData, "has no string columns id and collection");
  }
  Mask mask;
  arrow::BooleanBuilder builder;
  auto status = builder.Reserve(rows.num_rows());
  for (std::int64_t i = 0; status.ok() && i < rows.num_rows(); ++i) {
    const bool stays = !dropped.contains(identity_hash(text_at(collection.get(), i), text_at(id.get(), i)));
    mask.dropped += stays ? 0 : 1;
    builder.UnsafeAppend(stays);
  }
  if (status.ok()) status = builder.Finish(&mask.stays);
  if (!status.ok()) return fail(ErrorKind::kIOError, "{}", status.ToString());
  return mask;
}

// How many rows of the file go. Reads two columns.
Result<std::int64_t> count_dropped(geoparquet::FileReader& file, const std::unordered_set<Hash128>& dropped) {
  std::int64_t count = 0;
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, file.read_row_group(group, {"id", "collection"}));
    EC_ASSIGN_OR_RETURN(const auto mask, mask_of(*rows, dropped));
    count += mask.dropped;
  }
  return count;
}

Result<std::shared_ptr<arrow::RecordBatch>> filter(const std::shared_ptr<arrow::RecordBatch>& rows, const Mask& mask) {
  auto filtered = arrow::compute::Filter(arrow::Datum(rows), arrow::Datum(mask.stays));
  if (!filtered.ok()) return fail(ErrorKind::kInvalidData, "{}", filtered.status().ToString());
  return filtered->record_batch();
}

// Rows of one partition, batch by batch, to as few files as they fit in. Many rows come from files of other engines.
class PartWriter {
 public:
  PartWriter(storage::Stores& stores, PartNames& names, const TableWriter& writer,
             const iceberg::PartitionKey& partition, std::int64_t rows)
      : stores_(stores),
        names_(names),
        writer_(writer.of(bucket_of(partition).cell)),
        partition_(partition),
        rows_left_(rows) {}

  Status append(const std::shared_ptr<arrow::RecordBatch>& rows) {
    for (std::int64_t offset = 0; offset < rows->num_rows();) {
      if (!file_) EC_TRY(open());
      const std::int64_t count = std::min(room_, rows->num_rows() - offset);
      EC_TRY(file_->append(rows->Slice(offset, count)));
      offset += count;
      room_ -= count;
      if (room_ == 0) EC_TRY(finish());
    }
    return {};
  }

  std::vector<iceberg::DataFile> files;  ///< finished; all are when all rows have come

 private:
  Status open() {
    EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(names_.next(bucket_of(partition_))));
    room_ = std::min(rows_left_, writer_.max_rows());
    rows_left_ -= room_;
    EC_ASSIGN_OR_RETURN(file_, writer_.open(where, partition_, room_));
    return {};
  }

  Status finish() {
    EC_ASSIGN_OR_RETURN(auto file, file_->finish());
    files.push_back(std::move(file));
    file_.reset();
    return {};
  }

  storage::Stores& stores_;
  PartNames& names_;
  const geoparquet::FileWriter& writer_;
  const iceberg::PartitionKey partition_;
  std::int64_t rows_left_;  // for files that are not open yet
  std::int64_t room_ = 0;   // of the open one
  std::optional<geoparquet::FileStream> file_;
};

Status copy_without(geoparquet::FileReader& file, const std::unordered_set<Hash128>& dropped,
                    const iceberg::Schema& schema, PartWriter& out) {
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(auto rows, file.read_row_group(group, {}));
    EC_ASSIGN_OR_RETURN(const auto mask, mask_of(*rows, dropped));
    EC_ASSIGN_OR_RETURN(rows, filter(rows, mask));
    EC_ASSIGN_OR_RETURN(rows, geoparquet::conform(rows, schema));
    EC_TRY(out.append(rows));
  }
  return {};
}

struct OneRewrite {
  std::vector<iceberg::DataFile> added;
  std::int64_t rows_removed = 0;
};

Result<OneRewrite> rewrite_one(storage::Stores& stores, const iceberg::DataFile& old_file,
                               const std::unordered_set<Hash128>& dropped, PartNames& names,
                               const TableWriter& writer) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(old_file.file_path));
  EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where, old_file.file_size_in_bytes));
  OneRewrite result;
  EC_ASSIGN_OR_RETURN(result.rows_removed, count_dropped(*file, dropped));
  const std::int64_t left = file->rows() - result.rows_removed;
  if (result.rows_removed == 0 || left == 0) return result;
  PartWriter out(stores, names, writer, old_file.partition, left);
  if (auto status = copy_without(*file, dropped, writer.schema(), out); !status) {
    discard_files(stores, out.files);
    return std::unexpected(std::move(status).error());
  }
  result.added = std::move(out.files);
  return result;
}

}  // namespace

Result<RewriteOutcome> rewrite_without(storage::Stores& stores, const std::vector<iceberg::DataFile>& files,
                                       const Removals& removals, PartNames& names, const TableWriter& writer,
                                       std::size_t workers) {
  RewriteOutcome outcome;
  std::mutex mutex;
  const auto status = parallel_for(files.size(), workers, [&](std::size_t i) -> Status {
    const auto dropped = removals.find(bucket_of(files[i].partition));
    if (dropped == removals.end()) return {};
    auto one = rewrite_one(stores, files[i], dropped->second, names, writer);
    if (!one) return std::unexpected(std::move(one).error().annotate("rewriting " + files[i].file_path));
    if (one->rows_removed == 0) return {};
    const std::lock_guard lock(mutex);
    outcome.removed.push_back(files[i]);
    outcome.rows_removed += one->rows_removed;
    std::ranges::move(one->added, std::back_inserter(outcome.added));
    return {};
  });
  if (!status) {
    discard_files(stores, outcome.added);
    return std::unexpected(status.error());
  }
  return outcome;
}

void discard_files(storage::Stores& stores, const std::vector<iceberg::DataFile>& files) {
  for (const auto& file : files) {
    if (const auto where = stores.locate(file.file_path)) {
      [[maybe_unused]] const auto ignored = where->store->remove(std::span(&where->key, 1));
    }
  }
}

}  // namespace earthcatalog::pipeline
