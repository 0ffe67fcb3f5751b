// Which files and years may hold rows that meet a filter, by the statistics of their columns. Internal to the module.
#pragma once

#include <optional>
#include <vector>

#include "earthcatalog/cql2/predicate.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/properties.h"
#include "earthcatalog/search/query.h"

namespace earthcatalog::search {

/// Of a query without a filter it rules nothing out. The query must outlive it.
class FilterBounds {
 public:
  /// As bind(), which has been asked before.
  static Result<FilterBounds> make(const BoundQuery& query);

  /// Whose statistics it looks at.
  std::vector<int> fields() const;
  bool may_hold_matches(const iceberg::FileFacts& file) const;
  /// Leaves out years in which no `datetime` meets the filter; the partition of no year stays.
  void leave_out_years(iceberg::FileFilter& files) const;

 private:
  explicit FilterBounds(const BoundQuery& query);
  bool may_lie_between(TimeMicros first, TimeMicros last) const;

  Properties properties_;
  const iceberg::NestedField* extra_;
  std::optional<cql2::Predicate> filter_;
};

}  // namespace earthcatalog::search
