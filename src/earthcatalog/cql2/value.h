// The values that an expression computes with. Internal to the module and to who gives it rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "earthcatalog/base/time.h"

namespace earthcatalog::cql2 {

/// An instant, a day or an interval: both ends belong to it. An open end is the least or greatest TimeMicros.
struct Times {
  TimeMicros first = 0, last = 0;
  TimeMicros last_begins = 0;  ///< where the day that `last` ends begins; `last` itself where that is an instant
  bool operator==(const Times&) const = default;
};

struct Geometry {
  std::string_view wkb;
  bool operator==(const Geometry&) const = default;
};

struct Value;
using Values = std::vector<Value>;

/// Without an alternative: null.
struct Value : std::variant<std::monostate, bool, double, std::string, Times, Geometry, Values> {
  using variant::variant;
  bool is_null() const { return std::holds_alternative<std::monostate>(*this); }
};

/// What is known of a property's values before any is read.
enum class ValueType : std::uint8_t { kAny, kBoolean, kNumber, kText, kTime, kGeometry };

}  // namespace earthcatalog::cql2
