#include "earthcatalog/inventory/formats/table_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "earthcatalog/inventory/formats/arrow_internal.h"
#include "earthcatalog/inventory/formats/batch_rows.h"

namespace earthcatalog::inventory {
namespace {

std::string_view name_of(ColumnRole role) {
  constexpr std::string_view kNames[] = {"bucket",          "key", "size", "last_modified_date", "e_tag", "is_latest",
                                         "is_delete_marker"};
  return kNames[static_cast<std::size_t>(role)];
}

Status check_type(ColumnRole role, const arrow::DataType& type) {
  switch (role) {
    case ColumnRole::kSize:
      return NumberColumn::check(type);
    case ColumnRole::kLastModified:
      return TimeColumn::check(type);
    case ColumnRole::kIsLatest:
    case ColumnRole::kIsDeleteMarker:
      return FlagColumn::check(type);
    default:
      return TextColumn::check(type);
  }
}

}  // namespace

Result<ColumnMap> map_table_columns(const arrow::Schema& schema) {
  std::vector<std::string_view> names;
  for (const auto& field : schema.fields()) names.push_back(field->name());
  EC_ASSIGN_OR_RETURN(const ColumnMap map, map_columns(names));
  if (!map.has_object_name()) {
    return fail(ErrorKind::kInvalidData, "no column '{}'; its columns are {}",
                map[ColumnRole::kBucket] < 0 ? "bucket" : "key", fmt::join(names, ", "));
  }
  for (std::size_t i = 0; i < kColumnRoles; ++i) {
    const auto role = static_cast<ColumnRole>(i);
    if (map[role] < 0) continue;
    EC_TRY(annotate(check_type(role, *schema.field(map[role])->type()), fmt::format("column '{}'", name_of(role))));
  }
  return map;
}

BatchRows::BatchRows(std::shared_ptr<arrow::RecordBatchReader> batches, ColumnMap columns, std::int64_t total_rows,
                     TableOptions options)
    : options_(std::move(options)), batches_(std::move(batches)), columns_(columns), total_rows_(total_rows) {}

std::optional<double> BatchRows::share_read() const {
  if (total_rows_ <= 0) return std::nullopt;
  return static_cast<double>(first_row_ + row_) / static_cast<double>(total_rows_);
}

std::string BatchRows::position() const { return fmt::format("{}: row {}", options_.uri, first_row_ + row_); }

Status BatchRows::next_batch() {
  first_row_ += rows_;
  rows_ = row_ = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  EC_TRY(from_arrow(batches_->ReadNext(&batch), fmt::format("{}: behind row {}", options_.uri, first_row_)));
  ended_ = batch == nullptr;
  if (ended_) return {};
  rows_ = batch->num_rows();
  const auto column = [&](ColumnRole role) {
    return columns_[role] < 0 ? std::shared_ptr<arrow::Array>() : batch->column(columns_[role]);
  };
  bucket_.bind(column(ColumnRole::kBucket));
  key_.bind(column(ColumnRole::kKey));
  size_.bind(column(ColumnRole::kSize));
  last_modified_.bind(column(ColumnRole::kLastModified));
  etag_.bind(column(ColumnRole::kEtag));
  is_latest_.bind(column(ColumnRole::kIsLatest));
  is_delete_marker_.bind(column(ColumnRole::kIsDeleteMarker));
  return {};
}

Result<bool> BatchRows::next(Row& row) {
  while (row_ == rows_) {
    if (!ended_) EC_TRY(next_batch());
    if (ended_) return false;
  }
  const std::int64_t at = row_++;
  row.bucket = bucket_.at(at).value_or("");
  row.key = key_.at(at).value_or("");
  if (row.bucket.empty() || row.key.empty()) {
    return fail(ErrorKind::kInvalidData, "{} has no {}", position(), row.bucket.empty() ? "bucket" : "key");
  }
  row.size_bytes = size_.at(at);
  const TimeColumn::Value time = last_modified_.at(at);
  row.last_modified = time.micros;
  row.date_text = time.text;
  row.etag = etag_.at(at).value_or("");
  row.noncurrent = is_latest_.at(at) == false || is_delete_marker_.at(at) == true;
  row.url_encoded = options_.url_encoded;
  return true;
}

}  // namespace earthcatalog::inventory
