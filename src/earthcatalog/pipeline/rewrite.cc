#include "earthcatalog/pipeline/rewrite.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/pipeline/parallel.h"
#include "earthcatalog/pipeline/part_writer.h"

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
  PartWriter out(stores, names, writer.of(bucket_of(old_file.partition).cell), old_file.partition, {.rows = left});
  if (auto status = copy_without(*file, dropped, writer.schema(), out); !status) {
    discard_files(stores, out.files());
    return std::unexpected(std::move(status).error());
  }
  result.added = out.files();
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
