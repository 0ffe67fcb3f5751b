// The items of a table, each once, by reading its data files.
//
//     EC_ASSIGN_OR_RETURN(const auto read, read_items(table, {.ids = {"S2A_1"}}, [](std::string_view json) {
//                           return use(json);   // false: that was enough
//                         }));
//
// Safe to call from many threads at once; `visit` is called from the thread of the call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"

namespace earthcatalog::read {

struct ItemsQuery {
  std::set<std::string, std::less<>> ids;  ///< empty: all items
  std::optional<std::string> collection;   ///< none: of any collection
  std::optional<std::int64_t> limit;       ///< none: all
  std::int64_t memory_limit_bytes = 768ll << 20;
  std::string scratch_folder = "/var/tmp";  ///< for what does not fit
};

struct ItemsRead {
  std::int64_t items = 0;
  std::set<std::string, std::less<>> missing;  ///< ids of the query that the whole table does not have
};

/// Calls `visit` with the JSON of each item that the query asks for, in the order of the table's files; false ends the
/// scan. An item comes once, whichever of its rows other engines have left or doubled: by the row with the latest
/// `updated`, which a first look at the columns id, collection and updated finds (32 bytes a row, beyond the memory
/// limit in an unlinked file); with ids or a limit, which would not wait for that, by the first of its rows. Files
/// whose statistics rule the ids out are not read. kInvalidData when a file has more rows than its manifest says.
Result<ItemsRead> read_items(const TableReader& table, const ItemsQuery& query,
                             const std::function<Result<bool>(std::string_view json)>& visit);

}  // namespace earthcatalog::read
