// Brings an object index up to date with a table that others committed to, or makes one from the table alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"

namespace earthcatalog::index {

struct CatchUpOptions {
  std::string folder_uri;            ///< of the index
  std::string name;                  ///< begins the names of new runs
  std::span<const Hash128> watched;  ///< items to look out for, ascending
  std::size_t batch_items = 50'000;  ///< how many changed items are kept in memory
};

struct CaughtUp {
  ObjectIndex index;                       ///< of the table's current snapshot
  bool touched_watched = false;            ///< a watched item's rows changed
  std::vector<std::string> removed_files;  ///< that the indexed snapshot had and the current one has not, ascending
  std::int64_t changed_items = 0;
};

/// Compares the data files of the snapshot that `old` describes with those of the table's current one and reads id,
/// collection and updated of the rows of those that differ. When the indexed snapshot is no longer among the table's,
/// the rows that `old` records are compared with all rows of the table; an empty `old` records none. Memory is bounded.
///
/// Rows that another engine wrote are recorded without the name of their object. An item that lost a row is forgotten
/// with all its objects, so that the next run that meets them fetches them again; the rows that it still has are
/// recorded without an object, so that they are replaced and not doubled.
Result<CaughtUp> catch_up(const iceberg::Table& table, const ObjectIndex& old, const CatchUpOptions& options);

}  // namespace earthcatalog::index
