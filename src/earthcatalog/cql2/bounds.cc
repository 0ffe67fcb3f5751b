#include "earthcatalog/cql2/bounds.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/cql2/compare.h"

namespace earthcatalog::cql2 {
namespace {

using Op = Node::Op;

constexpr Possible kNever{false, false};

bool is_no(std::optional<bool> answer) { return answer == false; }
bool is_yes(std::optional<bool> answer) { return answer == true; }

// What is known of a value that is compared with one of another type. The order of texts is not that of the times that
// they spell.
Extent extent_of(const Node& node, const Statistics& rows, ValueType other) {
  if (node.op == Op::kProperty) {
    const bool spelled = other == ValueType::kTime && node.type != ValueType::kTime;
    return spelled ? Extent() : rows.extent(node.slot);
  }
  if (node.op != Op::kLiteral || node.type == ValueType::kGeometry) return {};
  return {node.literal, node.literal, node.literal.is_null(), node.literal.is_null()};
}

// A null is neither yes nor no, whatever the bounds of the others.
Possible compare(Op op, const Extent& a, const Extent& b) {
  if (a.all_null || b.all_null) return kNever;
  switch (op) {
    case Op::kLess:
    case Op::kLessOrEqual:
      return {!is_no(compared(op, a.least, b.greatest)), !is_yes(compared(op, a.greatest, b.least))};
    case Op::kGreater:
    case Op::kGreaterOrEqual:
      return {!is_no(compared(op, a.greatest, b.least)), !is_yes(compared(op, a.least, b.greatest))};
    default:
      break;
  }
  const bool apart =
      is_yes(compared(Op::kLess, a.greatest, b.least)) || is_yes(compared(Op::kGreater, a.least, b.greatest));
  const bool one =
      is_yes(compared(Op::kEqual, a.least, b.greatest)) && is_yes(compared(Op::kEqual, a.greatest, b.least));
  const Possible equal{!apart, !one};
  return op == Op::kEqual ? equal : Possible{equal.no, equal.yes};
}

Possible both(const Possible& a, const Possible& b) { return {a.yes && b.yes, a.no || b.no}; }
Possible either(const Possible& a, const Possible& b) { return {a.yes || b.yes, a.no && b.no}; }

Possible compare(Op op, const Node& a, const Node& b, const Statistics& rows) {
  return compare(op, extent_of(a, rows, b.type), extent_of(b, rows, a.type));
}

Possible in(const Node& node, const Statistics& rows) {
  Possible any{false, true};
  for (const auto& member : node.args[1].args) any = either(any, compare(Op::kEqual, node.args[0], member, rows));
  return any;
}

// Texts of a pattern begin with what stands before its first wildcard.
Possible like(const Node& node, const Statistics& rows) {
  const auto value = extent_of(node.args[0], rows, ValueType::kText);
  if (value.all_null) return kNever;
  const auto* const pattern = std::get_if<std::string>(&node.args[1].literal);
  const auto *least = std::get_if<std::string>(&value.least), *greatest = std::get_if<std::string>(&value.greatest);
  if (pattern == nullptr || least == nullptr || greatest == nullptr) return {};
  const auto prefix = std::string_view(*pattern).substr(0, pattern->find_first_of("%_\\"));
  return {std::string_view(*least).substr(0, prefix.size()) <= prefix && *greatest >= prefix, true};
}

// From the first instant of a time, or of an interval's ends, to the last. Ends may stand the wrong way round.
std::optional<Times> hull(const Node& node, const Statistics& rows) {
  std::optional<Times> all;
  const auto add = [&](const Node& end) {
    const auto value = extent_of(end, rows, ValueType::kTime);
    const auto first = as_times(value.least), last = as_times(value.greatest);
    if (!first || !last) return false;
    all = all ? Times{std::min(all->first, first->first), std::max(all->last, last->last), 0}
              : Times{first->first, last->last, 0};
    return true;
  };
  const bool known = node.op == Op::kInterval ? std::ranges::all_of(node.args, add) : add(node);
  return known ? all : std::nullopt;
}

Possible temporal(const Node& node, const Statistics& rows) {
  const auto a = hull(node.args[0], rows), b = hull(node.args[1], rows);
  if (!a || !b) return {};
  if (node.name == "t_before") return {a->first < b->last, true};
  if (node.name == "t_after") return {a->last > b->first, true};
  if (node.name == "t_disjoint") return {};
  return {a->last >= b->first && a->first <= b->last, true};  // all others share an instant
}

}  // namespace

Possible possible(const Node& node, const Statistics& rows) {
  switch (node.op) {
    case Op::kAnd:
    case Op::kOr: {
      auto answer = possible(node.args[0], rows);
      for (std::size_t i = 1; i < node.args.size(); ++i) {
        const auto next = possible(node.args[i], rows);
        answer = node.op == Op::kAnd ? both(answer, next) : either(answer, next);
      }
      return answer;
    }
    case Op::kNot: {
      const auto answer = possible(node.args[0], rows);
      return {answer.no, answer.yes};
    }
    case Op::kLiteral:
    case Op::kProperty: {
      const auto value = extent_of(node, rows, ValueType::kBoolean);
      if (value.all_null) return kNever;
      return {!is_yes(compared(Op::kEqual, value.greatest, false)), !is_yes(compared(Op::kEqual, value.least, true))};
    }
    case Op::kIsNull: {
      const auto value = extent_of(node.args[0], rows, ValueType::kAny);
      return {value.may_be_null, !value.all_null};
    }
    case Op::kBetween:
      return both(compare(Op::kGreaterOrEqual, node.args[0], node.args[1], rows),
                  compare(Op::kLessOrEqual, node.args[0], node.args[2], rows));
    case Op::kIn:
      return in(node, rows);
    case Op::kLike:
      return like(node, rows);
    case Op::kTemporal:
      return temporal(node, rows);
    default:
      break;
  }
  if (node.op < Op::kEqual || node.op > Op::kGreaterOrEqual) return {};
  return compare(node.op, node.args[0], node.args[1], rows);
}

}  // namespace earthcatalog::cql2
