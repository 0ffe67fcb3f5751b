// Finds the rows of a partition whose item a newer row holds too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/index/version_order.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::index {

/// Knows rows by their numbers, from 0. Of the rows of one (collection, id) the newest RowVersion stays. A row without
/// an id is nobody's double.
/// Not thread-safe.
class DuplicateRows {
 public:
  /// 32 bytes a row; beyond `memory_bytes` they are kept in an unlinked file in `scratch_folder`.
  DuplicateRows(std::int64_t memory_bytes, std::string scratch_folder);

  /// The next rows: columns id, collection and updated, as the table has them. kInvalidData for other types.
  Status add(const arrow::RecordBatch& rows) { return add(rows, rows_); }
  /// The rows from number `first` on, which may come in any order.
  Status add(const arrow::RecordBatch& rows, std::int64_t first);
  /// All rows have come.
  Status finish();

  /// One more than the highest number.
  std::int64_t rows() const { return rows_; }
  /// After finish().
  std::int64_t dropped() const { return dropped_; }
  bool is_dropped(std::int64_t row) const { return dropped_ > 0 && marks_[static_cast<std::size_t>(row)]; }

 private:
  struct Version {
    Hash128 key;  // of the item
    TimeMicros updated = 0;
    std::int64_t row = 0;
    auto operator<=>(const Version&) const = default;
    RowVersion version() const { return {.updated = updated, .row = row}; }
  };
  void drop(std::int64_t row);

  extsort::HashSorter<Version> versions_;
  std::int64_t rows_ = 0, dropped_ = 0;
  std::vector<bool> marks_;  // empty while no row is dropped
};

}  // namespace earthcatalog::index
