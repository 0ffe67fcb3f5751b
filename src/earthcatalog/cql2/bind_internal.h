// A bound expression. Internal to the module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/cql2/predicate.h"
#include "earthcatalog/cql2/spatial.h"
#include "earthcatalog/cql2/value.h"

namespace earthcatalog::cql2 {

struct Node {
  enum class Op : std::uint8_t {
    kLiteral,
    kProperty,
    kInterval,
    kList,
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kBetween,
    kIn,
    kLike,
    kIsNull,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kIntegerDivide,
    kPower,
    kCaseI,
    kAccentI,
    kSpatial,
    kTemporal,
    kArray,
  };
  Op op = Op::kLiteral;
  ValueType type = ValueType::kAny;
  std::vector<Node> args = {};
  Value literal = {};
  std::size_t slot = 0;
  Relation relation{};
  std::string name = {};  ///< of a temporal or array operator
};

/// Errors as Predicate::bind().
Result<Node> bind_node(const Expression& expression, const Resolver& resolve);

}  // namespace earthcatalog::cql2
