// The order of an answer. The key of a row is bytes that sort as the rows shall.
//
//     EC_ASSIGN_OR_RETURN(const Order order, parse_order("-datetime,id"));
//     EC_ASSIGN_OR_RETURN(const auto columns, order_columns(order, table.schema()));
//     const KeyMaker keys(order, rows);
//     keys.append(row, key);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace earthcatalog::search {

struct SortKey {
  std::string column;
  bool descending = false;
  bool operator==(const SortKey&) const = default;
};
using Order = std::vector<SortKey>;

/// Reads names of columns by commas, with "-" in front of those that descend and "+" or nothing in front of others;
/// `properties.eo:cloud_cover` is `eo:cloud_cover`. kInvalidArgument: an empty name.
Result<Order> parse_order(std::string_view text);

/// Returns the columns that keys are made of: those of `order`, collection and id. kInvalidArgument names a column that
/// the table lacks, or one whose values have no order.
Result<std::vector<iceberg::NestedField>> order_columns(const Order& order, const iceberg::Schema& table);

/// Makes the keys of a batch that has the order_columns(). Of equal values collection and id decide; rows without a
/// value come last either way. The batch must outlive it.
class KeyMaker {
 public:
  KeyMaker(const Order& order, const arrow::RecordBatch& rows);
  void append(std::int64_t row, std::string& key) const;

 private:
  struct Column {
    const arrow::Array* values;  // null: the batch has none
    bool descending;
  };
  std::vector<Column> columns_;
};

}  // namespace earthcatalog::search
