// Reads back the JSON that columns hold: assets and its like, and stac_extra (docs/format/items.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"
#include "earthcatalog/stac/read/json_walker.h"

namespace earthcatalog::stac {

struct ExtraMember {
  std::string name;             ///< decoded
  std::string_view key, value;  ///< as they are spelled; the key without its quotes
};

/// A stac_extra, taken apart.
struct Extra {
  enum class Properties : std::uint8_t {
    kMerged,    ///< `properties` are added to the columns'
    kReplaced,  ///< `instead` stands where an object should be
    kAbsent,    ///< the item has none
  };
  std::vector<ExtraMember> members, properties;
  Properties kind = Properties::kMerged;
  std::string_view instead;
};

/// Not thread-safe. Views point into the reader and hold until its next call.
class ExtraReader {
 public:
  /// `json`, an object or array, checked and minified. kInvalidData for anything else.
  Result<std::string_view> read_text(std::string_view json);
  /// `json`, a stac_extra; empty: nothing is extra.
  Result<Extra> read_extra(std::string_view json);

 private:
  Result<std::string_view> prepare(std::string_view json);
  bool walk_root();
  bool read_members(ondemand::object object, std::vector<ExtraMember>& members, Extra* extra);
  bool read_properties(ondemand::value& value, Extra& extra);
  bool read_value(ondemand::value& value, std::string_view& text);
  Status refused();

  static constexpr std::size_t kMaxDepth = 1024;
  ondemand::parser parser_;
  ondemand::document document_;
  JsonWalker walker_{kMaxDepth};
  GrowBuffer text_;
  std::string scratch_;
};

}  // namespace earthcatalog::stac
