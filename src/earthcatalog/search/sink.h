// A sink takes the items that a search finds: each format of the answer is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::search {

/// Some items as a sink made them, either as text or as rows.
struct Piece {
  std::string text;
  std::vector<std::size_t> ends;  ///< of each item in `text`
  std::shared_ptr<arrow::RecordBatch> rows;

  /// Leaves the first `count` items.
  void keep(std::size_t count);
};

class Sink {
 public:
  virtual ~Sink() = default;
  /// Columns of the table that it needs; none: it only counts.
  virtual const iceberg::Schema& columns() const = 0;
  /// Makes of some rows, with exactly columns(), one item each of those that `found` numbers. Called from many threads
  /// at once.
  virtual Result<Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const = 0;
  /// Takes the next `count` items, on the thread of the search. False ends it.
  virtual Result<bool> take(Piece&& piece, std::size_t count) = 0;
};

/// The rows that `found` numbers, as a batch of their own.
Result<std::shared_ptr<arrow::RecordBatch>> take_rows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                      std::span<const std::int64_t> found);

}  // namespace earthcatalog::search
