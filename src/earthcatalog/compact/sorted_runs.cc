#include "earthcatalog/compact/sorted_runs.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <span>
#include <tuple>
#include <utility>

#include "earthcatalog/extsort/sorted_merge.h"
#include "earthcatalog/write/row_pool.h"

namespace earthcatalog::compact {
namespace {

std::unexpected<Error> scratch_error(const arrow::Status& status) {
  return fail(ErrorKind::kIOError, "temporary file of sorted rows: {}", status.ToString());
}

// The position of a merge in one of its inputs.
class Cursor {
 public:
  explicit Cursor(SortedInput input) : input_(std::move(input)), next_number_(input_.first_row.value_or(0)) {}

  Result<bool> fill() {
    if (batch_ && row_ < batch_->num_rows()) return true;
    row_ = 0;
    held_epoch_ = -1;
    EC_ASSIGN_OR_RETURN(batch_, input_.rows->next());
    if (!batch_) return false;
    keys_ = write::sort_keys(*batch_);
    if (input_.first_row) {
      first_number_ = std::exchange(next_number_, next_number_ + batch_->num_rows());
    } else {
      numbers_ = static_cast<const arrow::Int64Array&>(*batch_->columns().back()).raw_values();
    }
    return true;
  }
  void advance() { ++row_; }

  const write::SortKey& key() const { return keys_[static_cast<std::size_t>(row_)]; }
  std::int64_t number() const { return input_.first_row ? first_number_ + row_ : numbers_[row_]; }
  write::RowAddress address(RowCollector& rows) {
    if (held_epoch_ != rows.epoch()) {
      held_ = rows.hold(batch_);
      held_epoch_ = rows.epoch();
    }
    return {held_, static_cast<std::uint32_t>(row_)};
  }

 private:
  SortedInput input_;
  std::int64_t next_number_, first_number_ = 0;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<write::SortKey> keys_;
  const std::int64_t* numbers_ = nullptr;
  std::int64_t row_ = 0, held_epoch_ = -1;
  std::uint32_t held_ = 0;
};

}  // namespace

class SortedRuns::Reader final : public geoparquet::RowStream {
 public:
  Reader(const SortedRuns& runs, std::size_t run) : runs_(runs), extents_(runs.runs_[run]) {}

  Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    if (next_ == extents_.size()) return nullptr;
    const Extent extent = extents_[next_++];
    auto buffer = arrow::AllocateBuffer(extent.size, write::row_pool());
    if (!buffer.ok()) return scratch_error(buffer.status());
    const std::span bytes((*buffer)->mutable_data(), static_cast<std::size_t>(extent.size));
    EC_TRY(runs_.file_->read(extent.offset, std::as_writable_bytes(bytes)));
    arrow::io::BufferReader message(std::shared_ptr<arrow::Buffer>(std::move(*buffer)));
    const arrow::ipc::DictionaryMemo dictionaries;
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.use_threads = false;
    auto rows = arrow::ipc::ReadRecordBatch(runs_.schema_, &dictionaries, options, &message);
    if (!rows.ok()) return scratch_error(rows.status());
    return std::move(rows).ValueUnsafe();
  }

 private:
  const SortedRuns& runs_;
  const std::vector<Extent>& extents_;
  std::size_t next_ = 0;
};

Status SortedRuns::append(const arrow::RecordBatch& rows) {
  if (!file_) {
    EC_ASSIGN_OR_RETURN(file_, extsort::ScratchFile::create(scratch_folder_));
    schema_ = rows.schema();
  }
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = write::row_pool();
  const auto message = arrow::ipc::SerializeRecordBatch(rows, options);
  if (!message.ok()) return scratch_error(message.status());
  runs_.back().push_back({.offset = file_->size(), .size = (*message)->size()});
  return file_->append(std::as_bytes(std::span((*message)->data(), static_cast<std::size_t>((*message)->size()))));
}

std::unique_ptr<geoparquet::RowStream> SortedRuns::read(std::size_t run) const {
  return std::make_unique<Reader>(*this, run);
}

RowCollector::RowCollector(std::shared_ptr<arrow::Schema> schema, std::size_t batch_rows, BatchSink out)
    : schema_(std::move(schema)), batch_rows_(batch_rows), out_(std::move(out)) {}

std::uint32_t RowCollector::hold(std::shared_ptr<arrow::RecordBatch> batch) {
  batches_.push_back(std::move(batch));
  return static_cast<std::uint32_t>(batches_.size() - 1);
}

Status RowCollector::add(write::RowAddress row) {
  rows_.push_back(row);
  return rows_.size() < batch_rows_ ? Status{} : flush();
}

Status RowCollector::flush() {
  if (rows_.empty()) return {};
  EC_ASSIGN_OR_RETURN(const auto rows, write::take_rows(batches_, schema_, rows_, write::row_pool()));
  rows_.clear();
  batches_.clear();
  ++epoch_;
  return out_(rows);
}

Status merge_inputs(std::vector<SortedInput> inputs, const index::DuplicateRows& duplicates,
                    const std::shared_ptr<arrow::Schema>& schema, std::size_t batch_rows, const BatchSink& out) {
  std::vector<Cursor> cursors;
  for (auto& input : inputs) cursors.emplace_back(std::move(input));
  RowCollector rows(schema, batch_rows, out);
  const auto before = [](const Cursor& a, const Cursor& b) {
    const auto order = a.key() <=> b.key();
    return order != 0 ? order < 0 : a.number() < b.number();
  };
  EC_TRY(extsort::merge_sorted(cursors, before, [&](Cursor& cursor) -> Status {
    if (duplicates.is_dropped(cursor.number())) return {};
    return rows.add(cursor.address(rows));
  }));
  return rows.flush();
}

}  // namespace earthcatalog::compact
