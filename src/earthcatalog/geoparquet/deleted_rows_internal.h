// Rows of a file that are passed over.
#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::geoparquet {

/// By their positions in the file, ascending.
class DeletedRows {
 public:
  explicit DeletedRows(std::vector<std::int64_t> positions) : positions_(std::move(positions)) {}

  /// How many of the first `rows` are passed over.
  std::int64_t below(std::int64_t rows) const {
    return std::ranges::lower_bound(positions_, rows) - positions_.begin();
  }
  /// Returns those of `rows` that stay; `first` is the position of the first of them.
  Result<std::shared_ptr<arrow::RecordBatch>> filter(std::shared_ptr<arrow::RecordBatch> rows,
                                                     std::int64_t first) const;

 private:
  std::vector<std::int64_t> positions_;
};

}  // namespace earthcatalog::geoparquet
