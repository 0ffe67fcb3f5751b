#include "earthcatalog/compact/partition_merge.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/write/row_pool.h"

namespace earthcatalog::compact {
namespace {

constexpr std::int64_t kReadBytes = 8 << 20;       // of a batch of a source that is read alone
constexpr std::int64_t kMostMergeBytes = 2 << 20;  // of a batch of a source or run that is merged with others
constexpr std::int64_t kLeastMergeBytes = 16 << 10;
constexpr std::int64_t kLeastBatchRows = 16;
constexpr std::int64_t kOutputRows = 2'500;
constexpr std::int64_t kKeyRows = 10'000;

// The columns that order and doubles are about.
iceberg::Schema key_schema(const iceberg::Schema& schema) {
  iceberg::Schema keys;
  for (const char* name : {"id", "collection", "updated", "platform", "datetime"}) {
    if (const auto* field = schema.find(name)) keys.fields.push_back(*field);
  }
  return keys;
}

// Follows rows from batch to batch.
class OrderCheck {
 public:
  bool holds() const { return holds_; }
  void add(const arrow::RecordBatch& rows) {
    const auto keys = write::sort_keys(rows);
    if (keys.empty() || !holds_) return;
    holds_ =
        std::ranges::is_sorted(keys) && (!last_datetime_ || write::SortKey{last_platform_, *last_datetime_} <= keys[0]);
    last_platform_ = keys.back().platform;
    last_datetime_ = keys.back().datetime;
  }

 private:
  bool holds_ = true;
  std::string last_platform_;
  std::optional<TimeMicros> last_datetime_;  // none before the first row
};

Status for_each_batch(write::RowSource& source, const iceberg::Schema& schema, std::int64_t batch_rows,
                      const BatchSink& visit) {
  EC_ASSIGN_OR_RETURN(const auto rows, source.read(schema, batch_rows));
  for (;;) {
    EC_ASSIGN_OR_RETURN(const auto batch, rows->next());
    if (!batch) return {};
    EC_TRY(visit(batch));
  }
}

// An array of the rows' numbers, as a column of a run.
Result<std::shared_ptr<arrow::Array>> row_numbers(std::span<const std::int64_t> numbers) {
  arrow::Int64Builder builder;
  std::shared_ptr<arrow::Array> array;
  auto status = builder.AppendValues(numbers.data(), static_cast<std::int64_t>(numbers.size()));
  if (status.ok()) status = builder.Finish(&array);
  if (!status.ok()) return fail(ErrorKind::kIOError, "{}", status.ToString());
  return array;
}

}  // namespace

struct PartitionMerge::Position {
  write::SortKey key;
  std::uint32_t batch = 0, row = 0;
  // Batches are in order of arrival: their rows' numbers ascend with (batch, row).
  auto operator<=>(const Position&) const = default;
};

PartitionMerge::PartitionMerge(const iceberg::Schema& schema, MergeOptions options)
    : schema_(schema),
      options_(std::move(options)),
      duplicates_(options_.memory_limit_bytes / 16, options_.scratch_folder),
      runs_(options_.scratch_folder) {}

std::int64_t PartitionMerge::batch_rows(const write::RowSource& source, std::int64_t bytes) const {
  const std::int64_t row_bytes = std::max<std::int64_t>(1, source.bytes() / std::max<std::int64_t>(1, source.rows()));
  return std::clamp<std::int64_t>(std::min(bytes, options_.memory_limit_bytes / 16) / row_bytes, kLeastBatchRows,
                                  kRowGroupRows);
}

// A third of the limit is for rows that are held, or for streams of files that are merged as they are; a sixth for the
// batches of all that is merged, a sixteenth each for a batch that is read, a batch of output, the input batches that
// it comes from, and the identities.
void PartitionMerge::divide_memory(std::span<const std::unique_ptr<write::RowSource>> sources) {
  std::int64_t bytes = 0, rows = 0;
  for (const auto& source : sources) {
    bytes += source->bytes();
    rows += source->rows();
  }
  room_ = options_.memory_limit_bytes / 3;
  fits_ = bytes <= room_;
  const std::int64_t runs = bytes / std::max<std::int64_t>(1, room_) + 1;
  merge_bytes_ =
      std::clamp(options_.memory_limit_bytes / 6 / (std::ssize(sources) + runs), kLeastMergeBytes, kMostMergeBytes);
  const std::int64_t row_bytes = std::max<std::int64_t>(1, bytes / std::max<std::int64_t>(1, rows));
  output_rows_ = std::clamp(options_.memory_limit_bytes / 16 / row_bytes, kLeastBatchRows, kOutputRows);
}

Status PartitionMerge::read(std::span<const std::unique_ptr<write::RowSource>> sources) {
  const auto nothing = arrow::RecordBatch::Make(arrow::schema({}), 0, arrow::ArrayVector{});
  EC_ASSIGN_OR_RETURN(const auto no_rows, geoparquet::conform(nothing, schema_));
  columns_ = no_rows->schema();
  divide_memory(sources);
  EC_TRY(fits_ ? read_into_memory(sources) : read_large(sources));
  return duplicates_.finish();
}

Status PartitionMerge::read_into_memory(std::span<const std::unique_ptr<write::RowSource>> sources) {
  for (const auto& source : sources) EC_TRY(load(*source, duplicates_.rows(), true));
  return counts_.runs > 0 ? spill() : Status{};
}

Status PartitionMerge::read_large(std::span<const std::unique_ptr<write::RowSource>> sources) {
  std::int64_t room = room_;
  for (const auto& source : sources) {
    const std::int64_t first_row = duplicates_.rows();
    if (!source->keys_are_cheap()) {
      EC_TRY(load(*source, first_row, true));
      continue;
    }
    EC_ASSIGN_OR_RETURN(const bool sorted, read_keys(*source));
    const std::int64_t cost = source->stream_bytes();
    if (sorted && cost <= room) {
      room -= cost;
      direct_.push_back({.source = source.get(), .first_row = first_row});
      ++counts_.sources_merged;
    } else {
      EC_TRY(load(*source, first_row, false));
    }
  }
  return spill();
}

// Takes in the identities; says whether the rows are in order.
Result<bool> PartitionMerge::read_keys(write::RowSource& source) {
  OrderCheck order;
  EC_TRY(for_each_batch(source, key_schema(schema_), kKeyRows, [&](const auto& rows) {
    order.add(*rows);
    return duplicates_.add(*rows);
  }));
  return order.holds();
}

Status PartitionMerge::load(write::RowSource& source, std::int64_t first_row, bool with_identities) {
  return for_each_batch(source, schema_, batch_rows(source, kReadBytes), [&](const auto& rows) -> Status {
    if (with_identities) EC_TRY(duplicates_.add(*rows));
    held_.push_back({.rows = rows, .first_row = first_row});
    first_row += rows->num_rows();
    held_bytes_ += arrow::util::TotalBufferSize(*rows) + rows->num_rows() * static_cast<std::int64_t>(sizeof(Position));
    return held_bytes_ > room_ ? spill() : Status{};
  });
}

std::vector<PartitionMerge::Position> PartitionMerge::order() const {
  std::vector<Position> positions;
  for (std::uint32_t batch = 0; batch < held_.size(); ++batch) {
    const auto keys = write::sort_keys(*held_[batch].rows);
    for (std::uint32_t row = 0; row < keys.size(); ++row) positions.push_back({keys[row], batch, row});
  }
  std::ranges::sort(positions);
  return positions;
}

// Writes the rows held as a run, in batches small enough that many runs can be merged at once.
Status PartitionMerge::spill() {
  if (held_.empty()) return {};
  runs_.begin_run();
  ++counts_.runs;
  const auto positions = order();
  const auto count = static_cast<std::int64_t>(positions.size());
  const auto step =
      static_cast<std::size_t>(std::clamp<std::int64_t>(merge_bytes_ * count / held_bytes_, kLeastBatchRows, 10'000));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const auto& held : held_) batches.push_back(held.rows);
  std::vector<write::RowAddress> addresses;
  std::vector<std::int64_t> numbers;
  for (std::size_t first = 0; first < positions.size(); first += step) {
    addresses.clear();
    numbers.clear();
    for (const auto& at : std::span(positions).subspan(first, std::min(step, positions.size() - first))) {
      addresses.push_back({at.batch, at.row});
      numbers.push_back(held_[at.batch].first_row + at.row);
    }
    EC_ASSIGN_OR_RETURN(const auto rows, write::take_rows(batches, columns_, addresses, write::row_pool()));
    EC_ASSIGN_OR_RETURN(const auto column, row_numbers(numbers));
    const auto numbered = rows->AddColumn(rows->num_columns(), kRowNumberColumn, column);
    if (!numbered.ok()) return fail(ErrorKind::kIOError, "{}", numbered.status().ToString());
    EC_TRY(runs_.append(**numbered));
  }
  held_.clear();
  held_bytes_ = 0;
  return {};
}

Status PartitionMerge::write(const BatchSink& out) {
  if (runs_.size() == 0 && direct_.empty()) return write_held(out);
  std::vector<SortedInput> inputs;
  for (const auto& [source, first_row] : direct_) {
    EC_ASSIGN_OR_RETURN(auto rows, source->read(schema_, batch_rows(*source, merge_bytes_)));
    inputs.push_back({.rows = std::move(rows), .first_row = first_row});
  }
  for (std::size_t run = 0; run < runs_.size(); ++run) inputs.push_back({.rows = runs_.read(run), .first_row = {}});
  return merge_inputs(std::move(inputs), duplicates_, columns_, static_cast<std::size_t>(output_rows_), out);
}

Status PartitionMerge::write_held(const BatchSink& out) {
  if (held_.empty()) return {};
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const auto& held : held_) batches.push_back(held.rows);
  std::vector<write::RowAddress> addresses;
  const auto give = [&]() -> Status {
    EC_ASSIGN_OR_RETURN(const auto rows, write::take_rows(batches, columns_, addresses, write::row_pool()));
    addresses.clear();
    return out(rows);
  };
  for (const auto& at : order()) {
    if (duplicates_.is_dropped(held_[at.batch].first_row + at.row)) continue;
    addresses.push_back({at.batch, at.row});
    if (std::ssize(addresses) == output_rows_) EC_TRY(give());
  }
  return addresses.empty() ? Status{} : give();
}

Result<KeyScan> scan_keys(std::span<const std::unique_ptr<write::RowSource>> sources, const iceberg::Schema& schema,
                          const MergeOptions& options) {
  OrderCheck order;
  index::DuplicateRows duplicates(options.memory_limit_bytes / 2, options.scratch_folder);
  for (const auto& source : sources) {
    EC_TRY(for_each_batch(*source, key_schema(schema), kKeyRows, [&](const auto& rows) {
      order.add(*rows);
      return duplicates.add(*rows);
    }));
  }
  EC_TRY(duplicates.finish());
  return KeyScan{.rows = duplicates.rows(), .in_order = order.holds(), .dropped_rows = duplicates.dropped()};
}

}  // namespace earthcatalog::compact
