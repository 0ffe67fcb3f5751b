#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/deleted_rows_internal.h"

namespace earthcatalog::geoparquet {

Result<std::shared_ptr<arrow::RecordBatch>> DeletedRows::filter(std::shared_ptr<arrow::RecordBatch> rows,
                                                                std::int64_t first) const {
  auto at = std::ranges::lower_bound(positions_, first);
  const auto end = std::ranges::lower_bound(positions_, first + rows->num_rows());
  if (at == end) return rows;
  if (rows->num_columns() == 0) {
    return arrow::RecordBatch::Make(rows->schema(), rows->num_rows() - (end - at), arrow::ArrayVector{});
  }
  arrow::BooleanBuilder stays;
  EC_ARROW_TRY(ErrorKind::kIOError, stays.Reserve(rows->num_rows()));
  for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
    const bool goes = at != end && *at == first + row;
    stays.UnsafeAppend(!goes);
    at += goes ? 1 : 0;
  }
  EC_ARROW_ASSIGN(const auto mask, ErrorKind::kIOError, stays.Finish());
  EC_ARROW_ASSIGN(const auto left, ErrorKind::kInvalidData, arrow::compute::Filter(rows, mask));
  return left.record_batch();
}

}  // namespace earthcatalog::geoparquet
