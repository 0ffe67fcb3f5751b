#include "earthcatalog/search/sink.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::search {

void Piece::keep(std::size_t count) {
  if (count < ends.size()) {
    text.resize(count == 0 ? 0 : ends[count - 1]);
    ends.resize(count);
  }
  if (rows != nullptr) rows = rows->Slice(0, static_cast<std::int64_t>(count));
}

Result<std::shared_ptr<arrow::RecordBatch>> take_rows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                      std::span<const std::int64_t> found) {
  if (std::ssize(found) == rows->num_rows()) return rows;
  const auto indices =
      std::make_shared<arrow::Int64Array>(std::ssize(found), arrow::Buffer::Wrap(found.data(), found.size()));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& column : rows->columns()) {
    auto taken = arrow::compute::Take(*column, *indices);
    if (!taken.ok()) return std::unexpected(storage::from_arrow(taken.status()));
    columns.push_back(*std::move(taken));
  }
  return arrow::RecordBatch::Make(rows->schema(), std::ssize(found), std::move(columns));
}

}  // namespace earthcatalog::search
