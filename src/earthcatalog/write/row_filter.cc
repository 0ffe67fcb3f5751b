#include "earthcatalog/write/row_filter.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

#include <string_view>

namespace earthcatalog::write {
namespace {

std::string_view text_at(const arrow::Array* column, std::int64_t row) {
  if (column == nullptr || column->IsNull(row)) return {};
  return static_cast<const arrow::StringArray*>(column)->GetView(row);
}

}  // namespace

Result<RowMask> rows_that_stay(const arrow::RecordBatch& rows, const std::unordered_set<Hash128>& dropped) {
  const auto id = rows.GetColumnByName("id");
  const auto collection = rows.GetColumnByName("collection");
  if (!id || id->type_id() != arrow::Type::STRING || (collection && collection->type_id() != arrow::Type::STRING)) {
    return fail(ErrorKind::kInvalidData, "has no string columns id and collection");
  }
  RowMask mask;
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

Result<std::shared_ptr<arrow::RecordBatch>> filter_rows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                        const RowMask& mask) {
  auto filtered = arrow::compute::Filter(arrow::Datum(rows), arrow::Datum(mask.stays));
  if (!filtered.ok()) return fail(ErrorKind::kInvalidData, "{}", filtered.status().ToString());
  return filtered->record_batch();
}

}  // namespace earthcatalog::write
