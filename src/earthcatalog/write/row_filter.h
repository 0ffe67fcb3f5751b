// Rows of a table's files without those of some items.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/result.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace earthcatalog::write {

struct RowMask {
  std::shared_ptr<arrow::Array> stays;  ///< booleans
  std::int64_t dropped = 0;
};

/// By the columns id and collection (which may be missing). kInvalidData when they are no strings.
Result<RowMask> rows_that_stay(const arrow::RecordBatch& rows, const std::unordered_set<Hash128>& dropped);
Result<std::shared_ptr<arrow::RecordBatch>> filter_rows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                        const RowMask& mask);

}  // namespace earthcatalog::write
