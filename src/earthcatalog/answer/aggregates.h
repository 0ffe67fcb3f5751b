// Counts of items by their values: STAC's aggregation extension (https://github.com/stac-api-extensions/aggregation).
//
//     EC_ASSIGN_OR_RETURN(const auto counts, Aggregates::make(table, {"total_count", "datetime_frequency:year"}));
//     EC_ASSIGN_OR_RETURN(const auto found, search::find(query, options, *counts));
//     puts(counts->to_json().c_str());
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/sink.h"

namespace earthcatalog::answer {

/// `max_items` of the search must be none: it counts what the search has read ahead, too.
class Aggregates final : public search::Sink {
 public:
  /// `names`: "total_count"; "datetime_frequency", by month, or with ":year" ":month" ":day" ":hour"; "P_frequency" of
  /// a column P, as "collection_frequency"; "cells:RES", the H3 cell of the centre of the item's box. kInvalidArgument:
  /// another name, or no such column.
  static Result<std::unique_ptr<Aggregates>> make(const read::TableReader& table,
                                                  const std::vector<std::string>& names);

  const iceberg::Schema& columns() const override { return columns_; }
  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override;
  Result<bool> take(search::Piece&&, std::size_t count) override;

  /// Items by value, as JSON, of the aggregation `index`; items without a value are under "null".
  using Counts = std::map<std::string, std::int64_t, std::less<>>;
  Counts counts(std::size_t index) const;
  /// True when the number of items is all that it needs.
  bool only_total() const;
  /// Takes this many items at once.
  void add_total(std::int64_t items) { total_ += items; }
  /// Returns one JSON object: an AggregationCollection. `source`: what was read, "columns" or "manifests".
  std::string to_json(std::string_view source = "columns") const;

  /// Tells the value of each row, as JSON. Of one batch; not thread-safe.
  using Values = std::function<Result<std::string>(std::int64_t row)>;

 private:
  struct Counter {
    std::string name, data_type, interval;
    std::function<Values(const arrow::RecordBatch& rows)> values;  ///< none: only the total counts
  };

  iceberg::Schema columns_;
  std::vector<Counter> counters_;
  std::int64_t total_ = 0;
  mutable Mutex mutex_;
  mutable std::vector<Counts> counts_ EC_GUARDED_BY(mutex_);
};

}  // namespace earthcatalog::answer
