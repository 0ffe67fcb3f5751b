#include "earthcatalog/pipeline/rewrite.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <map>
#include <mutex>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/grid/partitioner.h"
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

Result<bool> holds_any(geoparquet::FileReader& file, const std::unordered_set<Hash128>& dropped) {
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, file.read_row_group(group, {"id", "collection"}));
    EC_ASSIGN_OR_RETURN(const auto mask, mask_of(*rows, dropped));
    if (mask.dropped > 0) return true;
  }
  return false;
}

Result<std::shared_ptr<arrow::RecordBatch>> filter(const std::shared_ptr<arrow::RecordBatch>& rows, const Mask& mask) {
  auto filtered = arrow::compute::Filter(arrow::Datum(rows), arrow::Datum(mask.stays));
  if (!filtered.ok()) return fail(ErrorKind::kInvalidData, "{}", filtered.status().ToString());
  return filtered->record_batch();
}

struct OneRewrite {
  std::vector<iceberg::DataFile> added;
  std::int64_t rows_removed = 0;
};

Result<OneRewrite> rewrite_one(storage::Stores& stores, const iceberg::DataFile& old_file,
                               const std::unordered_set<Hash128>& dropped, PartNames& names,
                               const iceberg::Schema& schema) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(old_file.file_path));
  EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where, old_file.file_size_in_bytes));
  OneRewrite result;
  EC_ASSIGN_OR_RETURN(const bool touched, holds_any(*file, dropped));
  if (!touched) return result;
  std::vector<std::shared_ptr<arrow::RecordBatch>> kept;
  for (int group = 0; group < file->row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, file->read_row_group(group, {}));
    EC_ASSIGN_OR_RETURN(const auto mask, mask_of(*rows, dropped));
    EC_ASSIGN_OR_RETURN(const auto left, filter(rows, mask));
    EC_ASSIGN_OR_RETURN(auto conforming, geoparquet::conform(left, schema));
    result.rows_removed += mask.dropped;
    if (conforming->num_rows() > 0) kept.push_back(std::move(conforming));
  }
  if (kept.empty()) return result;
  EC_ASSIGN_OR_RETURN(const auto target, stores.locate(names.next(bucket_of(old_file.partition))));
  geoparquet::WriteOptions options;
  options.covering = old_file.partition.cell != grid::kNoCellName;
  EC_ASSIGN_OR_RETURN(auto written, geoparquet::write_file(target, kept, schema, old_file.partition, options));
  result.added.push_back(std::move(written));
  return result;
}

}  // namespace

Bucket bucket_of(const iceberg::PartitionKey& partition) {
  Bucket bucket{.cell = partition.cell.value_or(std::string(grid::kNoCellName)), .year = {}};
  if (partition.year_since_1970) bucket.year = *partition.year_since_1970 + 1970;
  return bucket;
}

iceberg::PartitionKey partition_of(const Bucket& bucket) {
  iceberg::PartitionKey partition{.cell = bucket.cell, .year_since_1970 = {}};
  if (bucket.year) partition.year_since_1970 = *bucket.year - 1970;
  return partition;
}

Result<RewriteOutcome> rewrite_without(storage::Stores& stores, const std::vector<iceberg::DataFile>& files,
                                       const Removals& removals, PartNames& names, const RewriteOptions& options) {
  RewriteOutcome outcome;
  std::mutex mutex;
  const auto status = parallel_for(files.size(), options.workers, [&](std::size_t i) -> Status {
    const auto dropped = removals.find(bucket_of(files[i].partition));
    if (dropped == removals.end()) return {};
    auto one = rewrite_one(stores, files[i], dropped->second, names, *options.schema);
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
