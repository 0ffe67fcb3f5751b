// The parts of an item that an answer has: STAC's fields extension (https://github.com/stac-api-extensions/fields).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"

namespace earthcatalog::answer {

/// Without includes all parts, with some only these; in either case without the excludes. A path is "assets",
/// "assets.data.href", "properties.platform"; the name of a property alone, "platform", is one too.
class ItemFields {
 public:
  /// Reads paths by commas, "-" in front of excludes, "+" or nothing in front of includes. kInvalidArgument: an empty
  /// one.
  static Result<ItemFields> parse(std::string_view text);

  /// Returns the columns that such items are made of as JSON.
  iceberg::Schema json_columns(const read::TableReader& table) const;
  /// Returns the columns of an answer of columns, one row an item.
  iceberg::Schema columns(const read::TableReader& table) const;

  /// False when an item made of json_columns() is as it shall be; `has_extra`: it has a stac_extra.
  bool cuts(bool has_extra) const;
  /// Leaves the chosen parts of the item that begins at `begin` of `json` and ends with it.
  void cut(std::string& json, std::size_t begin) const;

 private:
  bool wants(std::string_view column) const;
  std::vector<std::string> include_, exclude_;
};

}  // namespace earthcatalog::answer
