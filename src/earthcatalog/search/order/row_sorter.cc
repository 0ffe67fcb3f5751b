#include "earthcatalog/search/order/row_sorter.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "earthcatalog/extsort/sorted_merge.h"
#include "earthcatalog/search/sink.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::search {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;

constexpr const char* kKey = "sort key";
constexpr std::int64_t kRunRows = 512;    // of a batch of a run in the file
constexpr std::int64_t kFewRows = 4'096;  // not worth sorting

template <class T>
Result<T> from_arrow(arrow::Result<T> result) {
  if (!result.ok()) return std::unexpected(storage::from_arrow(result.status()));
  return *std::move(result);
}

Status from_arrow(const arrow::Status& status) {
  if (!status.ok()) return std::unexpected(storage::from_arrow(status));
  return {};
}

std::string_view key_at(const arrow::RecordBatch& rows, std::int64_t row) {
  return static_cast<const arrow::BinaryArray&>(*rows.column(rows.num_columns() - 1)).GetView(row);
}

Result<Rows> with_keys(const Rows& rows, const std::vector<std::string>& keys) {
  arrow::BinaryBuilder builder;
  for (const auto& key : keys) EC_TRY(from_arrow(builder.Append(key)));
  EC_ASSIGN_OR_RETURN(const auto column, from_arrow(builder.Finish()));
  return from_arrow(rows->AddColumn(rows->num_columns(), arrow::field(kKey, arrow::binary()), column));
}

// Rows out of several batches, one after the other.
class Gatherer {
 public:
  explicit Gatherer(const std::shared_ptr<arrow::Schema>& schema) : schema_(schema) {}

  Status add(const Rows& rows, std::int64_t row) {
    if (builders_.empty()) EC_TRY(begin());
    for (int i = 0; i < rows->num_columns(); ++i) {
      EC_TRY(from_arrow(builders_[static_cast<std::size_t>(i)]->AppendArraySlice(*rows->column(i)->data(), row, 1)));
    }
    ++count_;
    return {};
  }
  std::int64_t size() const { return count_; }
  Result<Rows> finish() {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& builder : builders_) {
      EC_ASSIGN_OR_RETURN(columns.emplace_back(), from_arrow(builder->Finish()));
    }
    return arrow::RecordBatch::Make(schema_, std::exchange(count_, 0), std::move(columns));
  }

 private:
  Status begin() {
    for (const auto& field : schema_->fields()) {
      EC_ASSIGN_OR_RETURN(builders_.emplace_back(), from_arrow(arrow::MakeBuilder(field->type())));
    }
    return {};
  }

  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  std::int64_t count_ = 0;
};

}  // namespace

// Stands at a row of a sorted run: in memory, or batch by batch in the file.
class RowSorter::Cursor {
 public:
  explicit Cursor(Rows rows) : rows_(std::move(rows)) {}
  Cursor(const extsort::ScratchFile& file, std::shared_ptr<arrow::Schema> schema, std::span<const Extent> extents)
      : file_(&file), schema_(std::move(schema)), extents_(extents) {}

  Result<bool> fill() {
    while (rows_ == nullptr || row_ == rows_->num_rows()) {
      if (extents_.empty()) return false;
      EC_TRY(load(extents_.front()));
      extents_ = extents_.subspan(1);
    }
    return true;
  }
  void advance() { ++row_; }
  const Rows& rows() const { return rows_; }
  std::int64_t row() const { return row_; }
  std::string_view key() const { return key_at(*rows_, row_); }

 private:
  Status load(const Extent& extent) {
    EC_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Buffer> bytes, from_arrow(arrow::AllocateBuffer(extent.bytes)));
    EC_TRY(file_->read(extent.offset, std::as_writable_bytes(
                                          std::span(bytes->mutable_data(), static_cast<std::size_t>(extent.bytes)))));
    arrow::io::BufferReader reader(bytes);
    EC_ASSIGN_OR_RETURN(rows_, from_arrow(arrow::ipc::ReadRecordBatch(
                                   schema_, nullptr, arrow::ipc::IpcReadOptions::Defaults(), &reader)));
    row_ = 0;
    return {};
  }

  const extsort::ScratchFile* file_ = nullptr;
  std::shared_ptr<arrow::Schema> schema_;
  std::span<const Extent> extents_;
  Rows rows_;
  std::int64_t row_ = 0;
};

bool RowSorter::admits_locked(std::string_view key) const {
  return key > options_.after && (last_.empty() || key <= last_);
}

bool RowSorter::admits(std::string_view key) const {
  const MutexLock lock(mutex_);
  return admits_locked(key);
}

Status RowSorter::add(const Rows& rows, const std::vector<std::string>& keys) {
  EC_ASSIGN_OR_RETURN(auto keyed, with_keys(rows, keys));
  const MutexLock lock(mutex_);
  bytes_ += arrow::util::TotalBufferSize(*keyed);
  rows_ += keyed->num_rows();
  schema_ = keyed->schema();
  batches_.push_back(std::move(keyed));
  const bool too_many = options_.keep && rows_ > std::max(2 * *options_.keep, kFewRows);
  return too_many || bytes_ > options_.memory_bytes ? shrink() : Status();
}

// All rows in memory as one batch, in order, none but those that are kept.
Result<Rows> RowSorter::sorted() {
  EC_ASSIGN_OR_RETURN(const auto table, from_arrow(arrow::Table::FromRecordBatches(schema_, batches_)));
  EC_ASSIGN_OR_RETURN(const auto rows, from_arrow(table->CombineChunksToBatch()));
  batches_.clear();
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows->num_rows()));
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](std::int64_t row) EC_REQUIRES(mutex_) { return !admits_locked(key_at(*rows, row)); });
  std::ranges::sort(order, {}, [&](std::int64_t row) { return key_at(*rows, row); });
  if (options_.keep && std::ssize(order) >= *options_.keep) {
    order.resize(static_cast<std::size_t>(*options_.keep));
    if (!order.empty()) last_ = key_at(*rows, order.back());
  }
  const auto indices =
      std::make_shared<arrow::Int64Array>(std::ssize(order), arrow::Buffer::Wrap(order.data(), order.size()));
  EC_ASSIGN_OR_RETURN(const auto taken, from_arrow(arrow::compute::Take(arrow::Datum(rows), arrow::Datum(indices))));
  return taken.record_batch();
}

Status RowSorter::shrink() {
  EC_ASSIGN_OR_RETURN(const auto rows, sorted());
  bytes_ = arrow::util::TotalBufferSize(*rows);
  rows_ = rows->num_rows();
  if (bytes_ <= options_.memory_bytes / 2) {
    batches_.push_back(rows);
    return {};
  }
  return spill(*rows);
}

Status RowSorter::spill(const arrow::RecordBatch& rows) {
  if (!file_) {
    EC_ASSIGN_OR_RETURN(file_, extsort::ScratchFile::create(options_.scratch_folder));
  }
  auto& run = runs_.emplace_back();
  for (std::int64_t begin = 0; begin < rows.num_rows(); begin += kRunRows) {
    EC_ASSIGN_OR_RETURN(const auto bytes, from_arrow(arrow::ipc::SerializeRecordBatch(
                                              *rows.Slice(begin, kRunRows), arrow::ipc::IpcWriteOptions::Defaults())));
    run.push_back({file_->size(), bytes->size()});
    EC_TRY(file_->append(std::as_bytes(std::span(bytes->data(), static_cast<std::size_t>(bytes->size())))));
  }
  bytes_ = rows_ = 0;
  return {};
}

Status RowSorter::drain(std::int64_t batch_rows, const Visit& visit) {
  const MutexLock lock(mutex_);
  if (schema_ == nullptr) return {};
  EC_ASSIGN_OR_RETURN(const auto rest, sorted());
  std::vector<Cursor> cursors;
  for (const auto& run : runs_) cursors.emplace_back(*file_, schema_, run);
  cursors.emplace_back(rest);
  Gatherer gatherer(schema_);
  std::int64_t left = options_.keep.value_or(INT64_MAX);
  bool more = true, enough = false;
  const auto hand_on = [&]() -> Status {
    EC_ASSIGN_OR_RETURN(const auto rows, gatherer.finish());
    std::vector<std::string> keys;
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) keys.emplace_back(key_at(*rows, row));
    EC_ASSIGN_OR_RETURN(const auto bare, from_arrow(rows->RemoveColumn(rows->num_columns() - 1)));
    EC_ASSIGN_OR_RETURN(more, visit(bare, std::move(keys)));
    return {};
  };
  const auto before = [](const Cursor& a, const Cursor& b) { return a.key() < b.key(); };
  const auto status = extsort::merge_sorted(cursors, before, [&](const Cursor& cursor) -> Status {
    enough = !more || left-- == 0;
    if (enough) return fail(ErrorKind::kCancelled, "enough");
    EC_TRY(gatherer.add(cursor.rows(), cursor.row()));
    return gatherer.size() < batch_rows ? Status() : hand_on();
  });
  if (!status && !enough) return status;
  return more && gatherer.size() > 0 ? hand_on() : Status();
}

}  // namespace earthcatalog::search
