// From items in memory to the rows of files: one row for each (item, cell), grouped by (cell, year), sorted inside a
// group by (platform, datetime), cut out of the item columns group by group.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace earthcatalog::write {

/// The year of items without a usable datetime; "unknown" in paths, null in Iceberg.
inline constexpr std::int32_t kUnknownYear = INT32_MIN;

struct CellYear {
  grid::Cell cell = grid::kNoCell;
  std::int32_t year = kUnknownYear;  ///< UTC calendar year
  auto operator<=>(const CellYear&) const = default;
};

/// One (item, cell): where its item's columns are, and what the cut adds to them.
struct PartitionRow {
  CellYear group;
  std::uint32_t batch = 0;   ///< which of the batches
  std::uint32_t row = 0;     ///< of that batch
  std::uint32_t bounds = 0;  ///< index of the item's box; kNoBounds without one
  bool primary = false;      ///< the item's row with the smallest cell
};
inline constexpr std::uint32_t kNoBounds = UINT32_MAX;

/// Rows of one group, contiguous in a RowPartitioner's order.
struct Group {
  CellYear key;
  std::size_t first = 0, count = 0;
};

/// Sorts rows into groups and cuts batches out of them. Immutable after make(); cut() may run on many threads.
class RowPartitioner {
 public:
  /// `batches`: item columns in the order of `schema` without its row columns, as stac::ItemBatch::finish gives them.
  static Result<RowPartitioner> make(std::shared_ptr<const stac::ItemSchema> schema,
                                     std::vector<std::shared_ptr<arrow::RecordBatch>> batches,
                                     std::vector<PartitionRow> rows, std::vector<grid::Bounds> bounds);

  /// Ascending by (cell, year).
  std::span<const Group> groups() const { return groups_; }

  /// `count` rows of `group` from its `first`, as whole rows of the table in column order; `cell_name` fills
  /// grid_partition.
  Result<std::shared_ptr<arrow::RecordBatch>> cut(const Group& group, std::size_t first, std::size_t count,
                                                  const std::string& cell_name) const;

  /// Counts among `count` rows of `group` from its `first`.
  std::int64_t count_primary(const Group& group, std::size_t first, std::size_t count) const;

  std::size_t rows() const { return rows_.size(); }

 private:
  std::shared_ptr<const stac::ItemSchema> schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  std::vector<PartitionRow> rows_;
  std::vector<grid::Bounds> bounds_;
  std::vector<Group> groups_;
};

}  // namespace earthcatalog::write
