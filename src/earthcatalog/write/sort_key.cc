#include "earthcatalog/write/sort_key.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <memory>

namespace earthcatalog::write {

std::vector<SortKey> sort_keys(const arrow::RecordBatch& batch) {
  std::vector<SortKey> keys(static_cast<std::size_t>(batch.num_rows()));
  const auto platform = std::dynamic_pointer_cast<arrow::StringArray>(batch.GetColumnByName("platform"));
  const auto datetime = std::dynamic_pointer_cast<arrow::TimestampArray>(batch.GetColumnByName("datetime"));
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    auto& key = keys[static_cast<std::size_t>(row)];
    if (platform && platform->IsValid(row)) key.platform = platform->GetView(row);
    if (datetime && datetime->IsValid(row)) key.datetime = datetime->Value(row);
  }
  return keys;
}

}  // namespace earthcatalog::write
