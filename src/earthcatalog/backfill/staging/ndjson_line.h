// A line of a staged file: {"bucket", "key", "last_modified", "primary", "item"}: the object, whether this is the
// item's row with the smallest cell, and the item.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"

namespace earthcatalog::backfill {

/// The item comes last: everything before it is short, and ends at the first place that reads so, because quotes inside
/// of strings have a backslash before them.
inline constexpr std::string_view kBeforeItem = R"(,"item":)";

struct StagedRow {
  storage::ObjectRef object;
  bool primary = false;
  std::string_view item;  ///< of the line
};

/// Not thread-safe.
class LineParser {
 public:
  /// kInvalidData for a line, without its line feed, that append_line (staged_rows.h) did not write. The item is not
  /// looked at.
  Result<StagedRow> parse(std::string_view line);

 private:
  simdjson::dom::parser parser_;
  std::string head_;
};

}  // namespace earthcatalog::backfill
