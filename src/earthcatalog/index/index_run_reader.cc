#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <cstring>
#include <numeric>
#include <optional>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/index/index_run_schema.h"

namespace earthcatalog::index {
namespace {

Hash128 hash_at(const arrow::FixedSizeBinaryArray& array, std::int64_t row) {
  Hash128 hash;
  std::memcpy(hash.bytes.data(), array.GetValue(row), hash.bytes.size());
  return hash;
}

template <class Value, class Array>
std::optional<Value> value_at(const Array& array, std::int64_t row) {
  return array.IsNull(row) ? std::nullopt : std::optional<Value>(array.Value(row));
}

template <class Array>
const Array& as(const arrow::RecordBatch& batch, int column) {
  return static_cast<const Array&>(*batch.column(column));
}

// The columns of RunKey, which stand first.
constexpr int kKeyColumns = kSizeColumn + 1;

RunKey key_at(const arrow::RecordBatch& batch, std::int64_t row) {
  RunKey key;
  key.object = hash_at(as<arrow::FixedSizeBinaryArray>(batch, kObjectColumn), row);
  key.identity = hash_at(as<arrow::FixedSizeBinaryArray>(batch, kIdentityColumn), row);
  const auto state = as<arrow::Int32Array>(batch, kStateColumn).Value(row);
  key.owns_rows = state == kOwner;
  key.forgotten = state == kForgotten;
  key.etag = as<arrow::StringArray>(batch, kEtagColumn).GetView(row);
  key.last_modified = value_at<TimeMicros>(as<arrow::TimestampArray>(batch, kLastModifiedColumn), row);
  key.size_bytes = value_at<std::int64_t>(as<arrow::Int64Array>(batch, kSizeColumn), row);
  return key;
}

RunEntry entry_at(const arrow::RecordBatch& batch, std::int64_t row) {
  const RunKey key = key_at(batch, row);
  RunEntry result;
  result.forgotten = key.forgotten;
  ObjectEntry& entry = result.entry;
  entry.object = key.object;
  entry.identity = key.identity;
  entry.etag = key.etag;
  entry.last_modified = key.last_modified;
  entry.size_bytes = key.size_bytes;
  entry.updated = value_at<TimeMicros>(as<arrow::TimestampArray>(batch, kUpdatedColumn), row);
  entry.year = value_at<std::int32_t>(as<arrow::Int32Array>(batch, kYearColumn), row);
  const auto& cells = as<arrow::ListArray>(batch, kCellsColumn);
  const auto& names = static_cast<const arrow::StringArray&>(*cells.values());
  for (auto i = cells.value_offset(row); i < cells.value_offset(row + 1); ++i)
    entry.cells.push_back(names.GetString(i));
  entry.name = as<arrow::StringArray>(batch, kNameColumn).GetView(row);
  return result;
}

class ParquetRunReader final : public RunReader {
 public:
  explicit ParquetRunReader(storage::Location where) : where_(std::move(where)) {}

  Status open(std::int64_t size_bytes, Reading reading) {
    EC_ASSIGN_OR_RETURN(auto input, is_far() && reading == Reading::kWhole
                                        ? read_whole(size_bytes)
                                        : where_.store->open_input(where_.key, size_bytes));
    parquet::arrow::FileReaderBuilder builder;
    EC_TRY_ARROW(builder.Open(std::move(input)));
    const MutexLock lock(mutex_);
    EC_TRY_ARROW(builder.memory_pool(arrow::default_memory_pool())->Build(&reader_));
    std::shared_ptr<arrow::Schema> schema;
    EC_TRY_ARROW(reader_->GetSchema(&schema));
    if (!schema->Equals(*run_schema(), false)) {
      return fail(ErrorKind::kInvalidData, "it is no run of an object index: its columns are {}", schema->ToString());
    }
    for (int group = 0; group < reader_->num_row_groups(); ++group) {
      starts_.push_back(rows_);
      rows_ += reader_->parquet_reader()->metadata()->RowGroup(group)->num_rows();
    }
    starts_.push_back(rows_);
    return {};
  }

  int row_groups() const override { return static_cast<int>(starts_.size()) - 1; }
  std::int64_t rows() const override { return rows_; }
  bool is_far() const override { return where_.store->capabilities().far; }

  Result<std::vector<RunEntry>> read_row_group(int group) const override {
    EC_ASSIGN_OR_RETURN(const auto batch, read(group, kRunColumns));
    std::vector<RunEntry> entries;
    entries.reserve(static_cast<std::size_t>(batch->num_rows()));
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) entries.push_back(entry_at(*batch, row));
    return entries;
  }

  Status scan_keys(const std::function<Status(const RunKey&)>& visit) const override {
    for (int group = 0; group < row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto batch, read(group, kKeyColumns));
      for (std::int64_t row = 0; row < batch->num_rows(); ++row) EC_TRY(visit(key_at(*batch, row)));
    }
    return {};
  }

  Status read_rows(const std::vector<std::int64_t>& rows,
                   const std::function<void(ObjectEntry&&)>& visit) const override {
    std::size_t next = 0;
    for (int group = 0; group < row_groups() && next < rows.size(); ++group) {
      const std::int64_t begin = starts_[static_cast<std::size_t>(group)];
      const std::int64_t end = starts_[static_cast<std::size_t>(group) + 1];
      if (rows[next] >= end) continue;
      EC_ASSIGN_OR_RETURN(const auto batch, read(group, kRunColumns));
      for (; next < rows.size() && rows[next] < end; ++next) visit(entry_at(*batch, rows[next] - begin).entry);
    }
    return {};
  }

 private:
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> read_whole(std::int64_t size_bytes) const {
    EC_ASSIGN_OR_RETURN(auto object, where_.store->get(where_.key));
    if (!object) return fail(ErrorKind::kNotFound, "it does not exist");
    if (std::ssize(object->bytes) != size_bytes) {
      return fail(ErrorKind::kInvalidData, "it has {} bytes, not {}", object->bytes.size(), size_bytes);
    }
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(object->bytes)));
  }

  // The first `columns` columns of a row group (list columns have one leaf each).
  Result<std::shared_ptr<arrow::RecordBatch>> read(int group, int columns) const {
    std::vector<int> leaves(static_cast<std::size_t>(columns));
    std::iota(leaves.begin(), leaves.end(), 0);
    const MutexLock guard(mutex_);
    std::optional<Waiting> waiting;  // row groups are small: most of the time goes to the request
    if (is_far()) waiting.emplace();
    auto table = reader_->ReadRowGroup(group, leaves);
    if (!table.ok()) return std::unexpected(storage::from_arrow(table.status()).annotate("reading " + where_.uri()));
    EC_ASSIGN_ARROW(auto batch, (*table)->CombineChunksToBatch());
    return batch;
  }

  const storage::Location where_;
  mutable Mutex mutex_;  // Arrow's reader is for one thread at a time
  std::unique_ptr<parquet::arrow::FileReader> reader_ EC_GUARDED_BY(mutex_);
  std::vector<std::int64_t> starts_;  // of row groups, and of what would follow on the last
  std::int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<RunReader>> RunReader::open(const storage::Location& where, std::int64_t size_bytes,
                                                   Reading reading) {
  auto reader = std::make_unique<ParquetRunReader>(where);
  EC_TRY(annotate(reader->open(size_bytes, reading), fmt::format("reading {}", where.uri())));
  return reader;
}

}  // namespace earthcatalog::index
