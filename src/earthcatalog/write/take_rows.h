// Arrays built row by row out of several batches. Arrow's own Take works on one array or concatenates; rows of a
// group lie scattered over many batches, and a copy of all of them for each group would cost more than the files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/result.h"

namespace arrow {
class Array;
class MemoryPool;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace earthcatalog::write {

struct RowAddress {
  std::uint32_t batch = 0, row = 0;
};

/// Column `column` of the rows at `addresses`, in their order. Strings, binary, booleans, 64-bit numbers, timestamps,
/// and structs of them. In `pool` (none: Arrow's default one). kInvalidData when the strings exceed the 2 GiB of one
/// array.
Result<std::shared_ptr<arrow::Array>> gather(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                             int column, std::span<const RowAddress> addresses,
                                             arrow::MemoryPool* pool = nullptr);

/// The first columns of the rows at `addresses`, as many as `schema` has. Pool and errors as gather().
Result<std::shared_ptr<arrow::RecordBatch>> take_rows(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                                      const std::shared_ptr<arrow::Schema>& schema,
                                                      std::span<const RowAddress> addresses,
                                                      arrow::MemoryPool* pool = nullptr);

/// `count` times the same string.
Result<std::shared_ptr<arrow::Array>> repeat_string(const std::string& value, std::size_t count);

Result<std::shared_ptr<arrow::Array>> booleans(std::size_t count, const std::function<bool(std::size_t)>& value);

/// struct<xmin, ymin, xmax, ymax: double>, null where `box` gives none.
Result<std::shared_ptr<arrow::Array>> boxes(std::size_t count,
                                            const std::function<const grid::Bounds*(std::size_t)>& box);

}  // namespace earthcatalog::write
