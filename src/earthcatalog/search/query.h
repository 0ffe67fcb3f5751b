// A search: what was asked, and what it comes to on one table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/cql2/expression.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/area.h"
#include "earthcatalog/search/time_span.h"

namespace earthcatalog::search {

using Names = std::set<std::string, std::less<>>;

/// An item is found when it meets every member that is given.
struct Query {
  std::optional<std::string> area;  ///< ISO WKB; see grid/geometry_text.h
  std::optional<TimeSpan> time;
  TimeField time_field = TimeField::kDatetime;
  Names ids, collections;  ///< empty: any
  std::optional<cql2::Expression> filter;

  /// True when every item meets it.
  bool is_open() const { return !area && !time && ids.empty() && collections.empty() && !filter; }
};

/// Which of an item's rows stands for it.
enum class Chosen : std::uint8_t {
  kPrimary,       ///< the one whose `grid_primary` is true
  kSmallestCell,  ///< the one in the smallest of the item's cells that the query looks into
  kNewest,        ///< of all rows that meet the query the newest: another engine wrote some of them
};

/// A query bound to a table. Immutable; safe to share between threads. The table must outlive it.
struct BoundQuery {
  const read::TableReader& table;
  Query query;
  std::shared_ptr<const Area> area;               ///< null: anywhere
  std::shared_ptr<const grid::Partitioner> grid;  ///< of `cells`; null without them
  std::optional<std::vector<grid::Cell>> cells;   ///< ascending; none: rows of any cell may count
  Chosen chosen = Chosen::kPrimary;
  std::vector<std::string> unknown = {};  ///< properties of the filter for which the table has no column
};

/// True when earthcatalog alone has written the table, since its beginning: each item's rows then lie in the cells that
/// its footprint touches, and nowhere else.
bool all_rows_are_ours(const read::TableReader& table);

/// Reads nothing. kInvalidArgument: the area is empty or off the map. kUnsupported: the filter compares a column with a
/// value of another type.
Result<BoundQuery> bind(const read::TableReader& table, Query query);

}  // namespace earthcatalog::search
