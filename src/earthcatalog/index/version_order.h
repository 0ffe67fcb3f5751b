// The one rule that says which of several versions of an item counts.
//
// The latest `updated` counts, compared as instants; a version without one, or with one that cannot be read, is the
// oldest. Between equal ones the best that is known at the place decides:
//
//   ObjectVersion  ingest, backfill, object index: the object that holds the item is known. Latest last_modified
//                  (unknown is the oldest), then greatest bucket, then greatest key, bytewise.
//   RowVersion     compact, cat: rows of a table do not name their object. The first row; compact puts the files that
//                  earthcatalog wrote first, which hold one row of an item. Others are another engine's copies.
//   FileVersion    register: nothing says which file is the table's. The row in the file that was modified last, then
//   in
//                  the one with the greatest URI: what a rewriting left behind loses all its rows to one file.
//
// In each order of two different versions exactly one is newer, whatever the order in which they come.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "earthcatalog/base/time.h"

namespace earthcatalog::index {

/// The `updated` of an item that has none.
inline constexpr TimeMicros kNeverUpdated = INT64_MIN;

struct ObjectVersion {
  std::optional<TimeMicros> updated, last_modified;
  std::string_view name;  ///< "bucket/key"
};
/// Returns true when the item in object `a` counts and that in `b` does not; of one version, false.
bool newer(const ObjectVersion& a, const ObjectVersion& b);

struct RowVersion {
  TimeMicros updated = kNeverUpdated;
  std::int64_t row = 0;  ///< its number among all rows of the partition
};
/// Returns true when row `a` counts and row `b` does not.
bool newer(const RowVersion& a, const RowVersion& b);

/// A file with rows that are equally new.
struct FileVersion {
  TimeMicros modified = 0;
  std::string_view uri;
};
/// Returns true when the rows in file `a` count and those in `b` do not.
bool newer(const FileVersion& a, const FileVersion& b);

}  // namespace earthcatalog::index
