// The operators and functions of CQL2, by name. Internal to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "earthcatalog/cql2/expression.h"

namespace earthcatalog::cql2 {

enum class Family : std::uint8_t { kLogic, kComparison, kArithmetic, kText, kSpatial, kTemporal, kArray };

/// How tightly an operator between two operands binds; functions and literals bind tightest.
enum Binding : int { kOr = 1, kAnd, kNot, kCompare, kAdd, kMultiply, kPower, kNegate, kTightest };

struct Operator {
  std::string_view name;  ///< in CQL2 JSON
  std::string_view text;  ///< in CQL2 text
  Family family;
  std::size_t least, most;  ///< arguments
  int binding = kTightest;  ///< kTightest: a function
};

inline constexpr std::size_t kAnyNumber = SIZE_MAX;

/// The operator of a name, whatever its case; null for a function that CQL2 does not define.
const Operator* find_operator(std::string_view name);

/// What stands at an end of an interval: a property, a time, or a text.
bool may_end_interval(const Expression& end);

}  // namespace earthcatalog::cql2
