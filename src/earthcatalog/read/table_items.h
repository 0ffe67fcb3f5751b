// The items of a table, each once, by reading its data files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"

namespace earthcatalog::read {

struct ItemsQuery {
  std::set<std::string, std::less<>> ids;  ///< empty: all items
  std::optional<std::string> collection;   ///< none: of any collection
  std::optional<std::int64_t> limit;       ///< none: all
};

struct ItemsRead {
  std::int64_t items = 0;
  std::set<std::string, std::less<>> missing;  ///< ids of the query that the whole table does not have
};

/// Calls `visit` with the JSON of each item that the query asks for, in the order of the table's files; false ends the
/// scan. An item comes once: by the row that says that it counts, or, with ids and in tables without such rows, by the
/// first row of its (collection, id). Files whose statistics rule the ids out are not read.
Result<ItemsRead> read_items(const iceberg::Table& table, const ItemsQuery& query,
                             const std::function<Result<bool>(std::string_view json)>& visit);

}  // namespace earthcatalog::read
