// The columns that many JSON values fit into: objects become structs, arrays lists. Internal to the module.
#pragma once

#include <arrow/type_fwd.h>
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::answer {

using JsonValue = simdjson::dom::element;
// A loop over what a temporary result holds would outlive it.
inline simdjson::dom::array elements_of(JsonValue list) { return list.get_array().value_unsafe(); }
inline simdjson::dom::object members_of(JsonValue object) { return object.get_object().value_unsafe(); }

/// Grows with each value that add() sees. Values of different kinds become texts, those that are none as their JSON.
struct JsonShape {
  enum class Kind : std::uint8_t { kNothing, kBoolean, kInteger, kNumber, kTime, kText, kList, kObject };

  Kind kind = Kind::kNothing;
  std::unique_ptr<JsonShape> element;                     ///< of a list
  std::map<std::string, JsonShape, std::less<>> members;  ///< of an object

  /// `as_time`: a text that is a time becomes one.
  void add(JsonValue value, bool as_time = false);
  /// Makes it text, whatever has come and comes.
  void become_text();
  /// Columns without structs below, lists counted once.
  std::size_t leaves() const;

  /// Nothing is a text; so is an object without members, which Parquet does not have.
  std::shared_ptr<arrow::DataType> type() const;
  /// Appends a value that add() has seen; `builder` is of type().
  Status append(JsonValue value, arrow::ArrayBuilder& builder) const;

 private:
  void become(Kind other);
};

}  // namespace earthcatalog::answer
