// The items that differ between two snapshots of a table.
//
//     EC_ASSIGN_OR_RETURN(const auto changes, find_changes(before, after, {}, [](std::string_view line) {
//                           return use(line);   // false: that was enough
//                         }));
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"

namespace earthcatalog::answer {

struct ChangesOptions {
  int workers = 1;
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  std::string scratch_folder = "/var/tmp";
};

struct Changes {
  std::int64_t added = 0, updated = 0, deleted = 0;
  std::int64_t files_read = 0;
};

/// Calls `visit` with a JSON object for each item that `after` has and `before` has not ("added"), has otherwise
/// ("updated"), or has no more ("deleted", with id and collection alone); false ends it. Reads the files that only one
/// of them has; where another engine wrote one of them, those of both too, since an item may have rows anywhere. Rows
/// that were only moved, as by a compaction, change nothing. Safe to call from many threads; `visit` is called on the
/// thread of the call.
Result<Changes> find_changes(const read::TableReader& before, const read::TableReader& after,
                             const ChangesOptions& options,
                             const std::function<Result<bool>(std::string_view json)>& visit);

}  // namespace earthcatalog::answer
