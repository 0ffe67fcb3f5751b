#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "earthcatalog/cql2/bind_internal.h"
#include "earthcatalog/cql2/operators.h"
#include "earthcatalog/cql2/temporal.h"

namespace earthcatalog::cql2 {
namespace {

using Op = Node::Op;

constexpr std::pair<std::string_view, Op> kOps[] = {
    {"and", Op::kAnd},           {"or", Op::kOr},           {"not", Op::kNot},           {"=", Op::kEqual},
    {"<>", Op::kNotEqual},       {"<", Op::kLess},          {"<=", Op::kLessOrEqual},    {">", Op::kGreater},
    {">=", Op::kGreaterOrEqual}, {"like", Op::kLike},       {"between", Op::kBetween},   {"in", Op::kIn},
    {"isNull", Op::kIsNull},     {"+", Op::kAdd},           {"-", Op::kSubtract},        {"*", Op::kMultiply},
    {"/", Op::kDivide},          {"%", Op::kModulo},        {"div", Op::kIntegerDivide}, {"^", Op::kPower},
    {"casei", Op::kCaseI},       {"accenti", Op::kAccentI},
};

constexpr std::pair<std::string_view, Relation> kRelations[] = {
    {"s_contains", Relation::kContains}, {"s_crosses", Relation::kCrosses},       {"s_disjoint", Relation::kDisjoint},
    {"s_equals", Relation::kEquals},     {"s_intersects", Relation::kIntersects}, {"s_overlaps", Relation::kOverlaps},
    {"s_touches", Relation::kTouches},   {"s_within", Relation::kWithin},
};

std::string_view name_of(ValueType type) {
  constexpr std::string_view kNames[] = {"any value", "true or false", "a number", "a text", "a time", "a geometry"};
  return kNames[static_cast<std::size_t>(type)];
}

std::unexpected<Error> wrong(const Expression& at, std::string_view what) {
  return fail(ErrorKind::kInvalidArgument, "`filter`: {} in {}", what, to_text(at));
}

class Binder {
 public:
  explicit Binder(const Resolver& resolve) : resolve_(resolve) {}

  Result<Node> bind(const Expression& e) const {
    switch (e.kind) {
      case Kind::kOperation:
        return bind_operation(e);
      case Kind::kProperty: {
        EC_ASSIGN_OR_RETURN(const auto slot, resolve_(e.text));
        return Node{.op = Op::kProperty, .type = slot.type, .slot = slot.number};
      }
      case Kind::kNumber:
        return Node{.type = ValueType::kNumber, .literal = e.number};
      case Kind::kText:
        return Node{.type = ValueType::kText, .literal = e.text};
      case Kind::kBoolean:
        return Node{.type = ValueType::kBoolean, .literal = e.boolean};
      case Kind::kDate:
      case Kind::kTimestamp:
        return Node{.type = ValueType::kTime, .literal = *times_of(e.text)};
      case Kind::kInterval:
        return bind_interval(e);
      case Kind::kGeometry:
        // A literal keeps its own bytes: values only point to them.
        return Node{.type = ValueType::kGeometry, .name = e.text};
      case Kind::kArray: {
        Node list{.op = Op::kList};
        for (const auto& member : e.args) {
          EC_ASSIGN_OR_RETURN(auto bound, bind(member));
          list.args.push_back(std::move(bound));
        }
        return list;
      }
    }
    return Node{};
  }

 private:
  Result<Node> bind_interval(const Expression& e) const {
    Node interval{.op = Op::kInterval, .type = ValueType::kTime};
    for (const auto& end : e.args) {
      if (end.kind == Kind::kText) {  // ".."
        const auto open =
            interval.args.empty() ? std::numeric_limits<TimeMicros>::min() : std::numeric_limits<TimeMicros>::max();
        interval.args.push_back({.type = ValueType::kTime, .literal = Times{open, open, open}});
        continue;
      }
      EC_ASSIGN_OR_RETURN(auto bound, bind(end));
      if (!may_be(bound, ValueType::kTime)) return wrong(e, "an end that is no time");
      interval.args.push_back(std::move(bound));
    }
    return interval;
  }

  Result<Node> bind_operation(const Expression& e) const {
    const auto* const known = find_operator(e.text);
    if (known == nullptr) return wrong(e, fmt::format("there is no function {}", e.text));
    Node node{.type = ValueType::kBoolean};
    for (const auto& argument : e.args) {
      EC_ASSIGN_OR_RETURN(auto bound, bind(argument));
      node.args.push_back(std::move(bound));
    }
    choose(*known, node);
    EC_TRY(check(e, *known, node));
    return node;
  }

  static void choose(const Operator& known, Node& node) {
    if (known.family == Family::kSpatial) {
      node.op = Op::kSpatial;
      node.relation = std::ranges::find(kRelations, known.name, &std::pair<std::string_view, Relation>::first)->second;
      // What is the same for all rows stands second: it is drawn once.
      if (node.args[0].op == Op::kLiteral && node.args[1].op != Op::kLiteral) {
        std::swap(node.args[0], node.args[1]);
        node.relation = turned_round(node.relation);
      }
    } else if (known.family == Family::kTemporal || known.family == Family::kArray) {
      node.op = known.family == Family::kTemporal ? Op::kTemporal : Op::kArray;
      node.name = known.name;
    } else {
      node.op = std::ranges::find(kOps, known.name, &std::pair<std::string_view, Op>::first)->second;
      if (known.family == Family::kArithmetic) node.type = ValueType::kNumber;
      if (known.family == Family::kText) node.type = ValueType::kText;
      if (node.op == Op::kSubtract && node.args.size() == 1) node.op = Op::kNegate;
    }
  }

  // What can be known before a row is read: that an operand is of another type than its operator.
  static Status check(const Expression& e, const Operator& known, const Node& node) {
    const auto all = [&](ValueType type) -> Status {
      for (const auto& argument : node.args) {
        if (!may_be(argument, type))
          return wrong(e, fmt::format("{} takes {}, not {}", known.text, name_of(type), name_of(argument.type)));
      }
      return {};
    };
    switch (known.family) {
      case Family::kLogic:
        return all(ValueType::kBoolean);
      case Family::kArithmetic:
        return all(ValueType::kNumber);
      case Family::kText:
        return all(ValueType::kText);
      case Family::kSpatial:
        return all(ValueType::kGeometry);
      case Family::kTemporal:
        return all(ValueType::kTime);
      case Family::kArray:
        for (const auto& argument : node.args) {
          if (argument.type != ValueType::kAny)
            return wrong(e, fmt::format("{} takes lists, not {}", known.text, name_of(argument.type)));
        }
        return {};
      case Family::kComparison:
        break;
    }
    if (node.op == Op::kLike) return all(ValueType::kText);
    if (node.op == Op::kIsNull) return {};
    const auto& rest = node.op == Op::kIn ? node.args[1].args : node.args;
    if (node.op == Op::kIn && node.args[1].op != Op::kList) return wrong(e, "IN takes a list");
    if (node.args[0].op == Op::kList) return wrong(e, "a list is compared by A_EQUALS and its like");
    for (const auto& other : rest) {
      if (other.op == Op::kList) return wrong(e, "a list is compared by A_EQUALS and its like");
      if (!comparable(node.args[0], other)) {
        return wrong(e, fmt::format("{} is compared with {}", name_of(node.args[0].type), name_of(other.type)));
      }
    }
    return {};
  }

  // A text may be a time: JSON has no other way to write one.
  static bool may_be(const Node& node, ValueType type) {
    if (node.type == ValueType::kAny || node.type == type) return true;
    if (type != ValueType::kTime || node.type != ValueType::kText) return false;
    const auto* const text = std::get_if<std::string>(&node.literal);
    return node.op != Op::kLiteral || (text != nullptr && times_of(*text));
  }

  static bool comparable(const Node& a, const Node& b) {
    return may_be(a, b.type) || may_be(b, a.type) || b.type == ValueType::kAny;
  }

  const Resolver& resolve_;
};

}  // namespace

Status check(const Expression& expression) {
  EC_TRY(bind_node(expression, [](std::string_view) { return Slot{}; }));
  return {};
}

Result<Node> bind_node(const Expression& expression, const Resolver& resolve) {
  EC_ASSIGN_OR_RETURN(auto node, Binder(resolve).bind(expression));
  if (node.type != ValueType::kBoolean && node.type != ValueType::kAny) {
    return wrong(expression, "a filter is true or false, which nothing says");
  }
  return node;
}

}  // namespace earthcatalog::cql2
