// A JSON reader for tests: slow, strict, and without a line in common with the one under test. Numbers stay text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace earthcatalog::stac::testing {

struct JsonValue {
  enum class Kind { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text = {};  // of a number; a string decoded
  std::vector<JsonValue> elements = {};
  std::map<std::string, JsonValue> members = {};

  const JsonValue* find(const std::string& name) const;
};

/// Nothing when `json` is not JSON. Of two members with one name the last counts, as in most readers.
std::optional<JsonValue> read_json(std::string_view json);

std::string write_json(const JsonValue& value);

/// Whether an item and what was rebuilt from its row are the same: numbers by value, RFC 3339 timestamps in timestamp
/// properties by instant, other strings letter by letter. If not, where they differ.
std::optional<std::string> difference(const JsonValue& item, const JsonValue& rebuilt);

}  // namespace earthcatalog::stac::testing
