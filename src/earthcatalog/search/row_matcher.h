// Which rows of a batch a search finds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/properties.h"
#include "earthcatalog/search/query.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::search {

/// Not thread-safe; the query must outlive it.
class RowMatcher {
 public:
  /// kInvalidArgument as bind(), which has been asked before.
  static Result<std::unique_ptr<RowMatcher>> make(const BoundQuery& query);

  /// The columns that match() looks at: those of the table that the query needs.
  const iceberg::Schema& columns() const { return columns_; }

  /// Replaces `found` by the numbers, ascending, of the rows that meet the query and stand for their item; with
  /// Chosen::kNewest of all that meet the query. kInvalidData names a footprint that is no ISO WKB.
  Status match(const arrow::RecordBatch& rows, std::vector<std::int64_t>& found);

 private:
  explicit RowMatcher(const BoundQuery& query);
  Status bind_filter();
  struct Columns;
  bool may_match(const Columns& columns, std::int64_t row) const;
  Result<bool> passes(const Columns& columns, std::int64_t row, PropertyRow& properties);
  Result<bool> stands_for_its_item(const Columns& columns, std::int64_t row);

  const BoundQuery& query_;
  iceberg::Schema columns_;
  std::unique_ptr<AreaTest> area_;
  std::unique_ptr<grid::Coverer> coverer_;
  std::vector<grid::Cell> cells_;
  Properties properties_;
  std::optional<cql2::Predicate> filter_;
};

}  // namespace earthcatalog::search
