#include "earthcatalog/cql2/operators.h"

#include <algorithm>

namespace earthcatalog::cql2 {
namespace {

using enum Family;

constexpr Operator kOperators[] = {
    {"and", "AND", kLogic, 2, kAnyNumber, kAnd},
    {"or", "OR", kLogic, 2, kAnyNumber, kOr},
    {"not", "NOT", kLogic, 1, 1, kNot},
    {"=", "=", kComparison, 2, 2, kCompare},
    {"<>", "<>", kComparison, 2, 2, kCompare},
    {"<", "<", kComparison, 2, 2, kCompare},
    {"<=", "<=", kComparison, 2, 2, kCompare},
    {">", ">", kComparison, 2, 2, kCompare},
    {">=", ">=", kComparison, 2, 2, kCompare},
    {"like", "LIKE", kComparison, 2, 2, kCompare},
    {"between", "BETWEEN", kComparison, 3, 3, kCompare},
    {"in", "IN", kComparison, 2, 2, kCompare},
    {"isNull", "IS NULL", kComparison, 1, 1, kCompare},
    {"+", "+", kArithmetic, 2, 2, kAdd},
    {"-", "-", kArithmetic, 1, 2, kAdd},
    {"*", "*", kArithmetic, 2, 2, kMultiply},
    {"/", "/", kArithmetic, 2, 2, kMultiply},
    {"%", "%", kArithmetic, 2, 2, kMultiply},
    {"div", "div", kArithmetic, 2, 2, kMultiply},
    {"^", "^", kArithmetic, 2, 2, kPower},
    {"casei", "CASEI", kText, 1, 1},
    {"accenti", "ACCENTI", kText, 1, 1},
    {"s_contains", "S_CONTAINS", kSpatial, 2, 2},
    {"s_crosses", "S_CROSSES", kSpatial, 2, 2},
    {"s_disjoint", "S_DISJOINT", kSpatial, 2, 2},
    {"s_equals", "S_EQUALS", kSpatial, 2, 2},
    {"s_intersects", "S_INTERSECTS", kSpatial, 2, 2},
    {"s_overlaps", "S_OVERLAPS", kSpatial, 2, 2},
    {"s_touches", "S_TOUCHES", kSpatial, 2, 2},
    {"s_within", "S_WITHIN", kSpatial, 2, 2},
    {"t_after", "T_AFTER", kTemporal, 2, 2},
    {"t_before", "T_BEFORE", kTemporal, 2, 2},
    {"t_contains", "T_CONTAINS", kTemporal, 2, 2},
    {"t_disjoint", "T_DISJOINT", kTemporal, 2, 2},
    {"t_during", "T_DURING", kTemporal, 2, 2},
    {"t_equals", "T_EQUALS", kTemporal, 2, 2},
    {"t_finishedBy", "T_FINISHEDBY", kTemporal, 2, 2},
    {"t_finishes", "T_FINISHES", kTemporal, 2, 2},
    {"t_intersects", "T_INTERSECTS", kTemporal, 2, 2},
    {"t_meets", "T_MEETS", kTemporal, 2, 2},
    {"t_metBy", "T_METBY", kTemporal, 2, 2},
    {"t_overlappedBy", "T_OVERLAPPEDBY", kTemporal, 2, 2},
    {"t_overlaps", "T_OVERLAPS", kTemporal, 2, 2},
    {"t_startedBy", "T_STARTEDBY", kTemporal, 2, 2},
    {"t_starts", "T_STARTS", kTemporal, 2, 2},
    {"a_containedBy", "A_CONTAINEDBY", kArray, 2, 2},
    {"a_contains", "A_CONTAINS", kArray, 2, 2},
    {"a_equals", "A_EQUALS", kArray, 2, 2},
    {"a_overlaps", "A_OVERLAPS", kArray, 2, 2},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

const Operator* find_operator(std::string_view name) {
  const auto same = [&](const Operator& known) { return std::ranges::equal(known.name, name, {}, lower, lower); };
  const auto* const found = std::ranges::find_if(kOperators, same);
  return found == std::ranges::end(kOperators) ? nullptr : found;
}

bool may_end_interval(const Expression& end) {
  return end.kind == Kind::kProperty || end.kind == Kind::kText || end.kind == Kind::kDate ||
         end.kind == Kind::kTimestamp;
}

}  // namespace earthcatalog::cql2
