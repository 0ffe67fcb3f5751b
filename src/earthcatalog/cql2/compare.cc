#include "earthcatalog/cql2/compare.h"

#include <compare>

#include "earthcatalog/cql2/temporal.h"

namespace earthcatalog::cql2 {
namespace {

// Times that lie within one another, as an instant in a day, are equal.
std::partial_ordering compare_times(const Times& a, const Times& b) {
  if (a.last < b.first) return std::partial_ordering::less;
  return a.first > b.last ? std::partial_ordering::greater : std::partial_ordering::equivalent;
}

// Unordered: a null, or values of two types.
std::partial_ordering compare(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return std::partial_ordering::unordered;
  if (std::holds_alternative<Times>(a) || std::holds_alternative<Times>(b)) {
    const auto x = as_times(a), y = as_times(b);
    return x && y ? compare_times(*x, *y) : std::partial_ordering::unordered;
  }
  if (a.index() != b.index()) return std::partial_ordering::unordered;
  if (const auto* const number = std::get_if<double>(&a)) return *number <=> std::get<double>(b);
  if (const auto* const text = std::get_if<std::string>(&a)) return *text <=> std::get<std::string>(b);
  if (const auto* const boolean = std::get_if<bool>(&a)) return *boolean <=> std::get<bool>(b);
  return std::partial_ordering::unordered;
}

}  // namespace

std::optional<Times> as_times(const Value& value) {
  if (const auto* const times = std::get_if<Times>(&value)) return *times;
  const auto* const text = std::get_if<std::string>(&value);
  return text == nullptr ? std::nullopt : times_of(*text);
}

std::optional<bool> compared(Node::Op op, const Value& a, const Value& b) {
  const auto order = compare(a, b);
  if (order == std::partial_ordering::unordered) return std::nullopt;
  using Op = Node::Op;
  switch (op) {
    case Op::kEqual:
      return order == 0;
    case Op::kNotEqual:
      return order != 0;
    case Op::kLess:
      return order < 0;
    case Op::kLessOrEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

}  // namespace earthcatalog::cql2
