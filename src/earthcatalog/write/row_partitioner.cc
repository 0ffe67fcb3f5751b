#include "earthcatalog/write/row_partitioner.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "earthcatalog/write/sort_key.h"
#include "earthcatalog/write/take_rows.h"

namespace earthcatalog::write {

Result<RowPartitioner> RowPartitioner::make(std::shared_ptr<const stac::ItemSchema> schema,
                                            std::vector<std::shared_ptr<arrow::RecordBatch>> batches,
                                            std::vector<PartitionRow> rows, std::vector<grid::Bounds> bounds) {
  RowPartitioner cutter;
  std::vector<std::vector<SortKey>> keys;
  for (const auto& batch : batches) keys.push_back(sort_keys(*batch));
  std::ranges::sort(rows, [&keys](const PartitionRow& a, const PartitionRow& b) {
    if (a.group != b.group) return a.group < b.group;
    const SortKey& x = keys[a.batch][a.row];
    const SortKey& y = keys[b.batch][b.row];
    // batch and row last: the order of arrival decides between equals, so that a run can be repeated.
    return std::tie(x.platform, x.datetime, a.batch, a.row) < std::tie(y.platform, y.datetime, b.batch, b.row);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (cutter.groups_.empty() || cutter.groups_.back().key != rows[i].group) {
      cutter.groups_.push_back({.key = rows[i].group, .first = i, .count = 0});
    }
    ++cutter.groups_.back().count;
  }
  cutter.arrow_schema_ = stac::arrow_schema(*schema);
  cutter.schema_ = std::move(schema);
  cutter.batches_ = std::move(batches);
  cutter.rows_ = std::move(rows);
  cutter.bounds_ = std::move(bounds);
  return cutter;
}

std::int64_t RowPartitioner::count_primary(const Group& group, std::size_t first, std::size_t count) const {
  return std::ranges::count_if(std::span(rows_).subspan(group.first + first, count), &PartitionRow::primary);
}

Result<std::shared_ptr<arrow::RecordBatch>> RowPartitioner::cut(const Group& group, std::size_t first,
                                                                std::size_t count, const std::string& cell_name) const {
  const std::span rows = std::span(rows_).subspan(group.first + first, count);
  std::vector<RowAddress> addresses;
  addresses.reserve(count);
  for (const PartitionRow& row : rows) addresses.push_back({row.batch, row.row});

  std::vector<std::shared_ptr<arrow::Array>> columns;
  columns.reserve(schema_->columns.size());
  int item_column = 0;
  for (const stac::Column& column : schema_->columns) {
    if (column.name == "grid_partition") {
      EC_ASSIGN_OR_RETURN(auto array, repeat_string(cell_name, count));
      columns.push_back(std::move(array));
    } else if (column.name == "grid_primary") {
      EC_ASSIGN_OR_RETURN(auto array, booleans(count, [&](std::size_t i) { return rows[i].primary; }));
      columns.push_back(std::move(array));
    } else if (column.name == "geometry_bbox") {
      EC_ASSIGN_OR_RETURN(auto array, boxes(count, [&](std::size_t i) {
                            return rows[i].bounds == kNoBounds ? nullptr : &bounds_[rows[i].bounds];
                          }));
      columns.push_back(std::move(array));
    } else {
      EC_ASSIGN_OR_RETURN(auto array, gather(batches_, item_column, addresses));
      columns.push_back(std::move(array));
      ++item_column;
    }
  }
  return arrow::RecordBatch::Make(arrow_schema_, static_cast<std::int64_t>(count), std::move(columns));
}

}  // namespace earthcatalog::write
