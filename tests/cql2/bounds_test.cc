// Bounds never contradict rows: what some row meets, their statistics do not rule out.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cql2/properties.h"
#include "earthcatalog/cql2/predicate.h"

namespace earthcatalog::cql2 {
namespace {

using Column = std::vector<Value>;

struct Columns {
  std::vector<std::string> names{"x", "y", "s", "t", "e", "b"};
  std::vector<ValueType> types{ValueType::kNumber, ValueType::kNumber, ValueType::kText,
                               ValueType::kTime,   ValueType::kTime,   ValueType::kBoolean};
  std::vector<Column> values = std::vector<Column>(6);

  std::size_t at(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  }
};

class TestRow final : public Row {
 public:
  TestRow(const Columns& columns, std::size_t row) : columns_(columns), row_(row) {}
  Value property(std::size_t slot) const override { return columns_.values[slot][row_]; }

 private:
  const Columns& columns_;
  std::size_t row_;
};

// Of one type.
bool less(const Value& a, const Value& b) {
  if (const auto* const times = std::get_if<Times>(&a)) return times->first < std::get<Times>(b).first;
  if (const auto* const number = std::get_if<double>(&a)) return *number < std::get<double>(b);
  if (const auto* const text = std::get_if<std::string>(&a)) return *text < std::get<std::string>(b);
  return std::get<bool>(a) < std::get<bool>(b);
}

class TestStatistics final : public Statistics {
 public:
  explicit TestStatistics(const Columns& columns) : columns_(columns) {}
  Extent extent(std::size_t slot) const override {
    Extent extent{.may_be_null = false, .all_null = true};
    for (const auto& value : columns_.values[slot]) {
      if (value.is_null()) {
        extent.may_be_null = true;
        continue;
      }
      extent.all_null = false;
      if (extent.least.is_null() || less(value, extent.least)) extent.least = value;
      if (extent.greatest.is_null() || less(extent.greatest, value)) extent.greatest = value;
    }
    return extent;
  }

 private:
  const Columns& columns_;
};

constexpr TimeMicros kDay = 86'400 * kMicrosPerSecond, kBegin = 18'262 * kDay;  // 2020-01-01

Value random_value(ValueType type) {
  if (*rc::gen::inRange(0, 5) == 0) return {};
  if (type == ValueType::kNumber) return static_cast<double>(*rc::gen::inRange(-2, 3));
  if (type == ValueType::kText) return *rc::gen::element<std::string>("", "a", "ab", "abc", "b", "ä");
  if (type == ValueType::kBoolean) return *rc::gen::arbitrary<bool>();
  const auto at = kBegin + *rc::gen::inRange(0, 5) * kDay / 2;
  return Times{at, at, at};
}

std::string time() {
  return *rc::gen::element<std::string>("DATE('2020-01-01')", "DATE('2020-01-02')", "TIMESTAMP('2020-01-01T12:00:00Z')",
                                        "TIMESTAMP('2020-01-03T00:00:00Z')", "t", "e");
}

std::string interval() {
  return *rc::gen::element<std::string>("INTERVAL(t, e)", "INTERVAL(e, t)", "INTERVAL('..', '2020-01-01')",
                                        "INTERVAL('2020-01-02', '..')", "INTERVAL('2020-01-01', '2020-01-02')", "t",
                                        "DATE('2020-01-02')");
}

std::string comparison() {
  const auto sign = " " + *rc::gen::element<std::string>("=", "<>", "<", "<=", ">", ">=") + " ";
  const auto number = [] { return *rc::gen::element<std::string>("x", "y", "-1", "0", "1", "3", "x + 1"); };
  const auto text = [] { return *rc::gen::element<std::string>("s", "'a'", "'ab'", "'z'", "CASEI(s)"); };
  switch (*rc::gen::inRange(0, 9)) {
    case 0:
      return number() + sign + number();
    case 1:
      return text() + sign + text();
    case 2:
      return time() + sign + time();
    case 3:
      return number() + " BETWEEN " + number() + " AND " + number();
    case 4:
      return "s LIKE " + *rc::gen::element<std::string>("'a%'", "'%b'", "'b%'", "'a_'", "'\\a%'", "'ab'", "'ä%'", "s");
    case 5:
      return number() + " IN (" + number() + ", " + number() + ")";
    case 6:
      return *rc::gen::element<std::string>("x", "s", "t", "b") + " IS NULL";
    case 7:
      return *rc::gen::element<std::string>("b", "b = TRUE", "b <> TRUE", "TRUE", "FALSE");
    default:
      return *rc::gen::element<std::string>("T_BEFORE", "T_AFTER", "T_DISJOINT", "T_INTERSECTS", "T_EQUALS", "T_DURING",
                                            "T_CONTAINS", "T_MEETS", "T_METBY", "T_STARTS", "T_STARTEDBY", "T_FINISHES",
                                            "T_FINISHEDBY", "T_OVERLAPS", "T_OVERLAPPEDBY") +
             "(" + interval() + ", " + interval() + ")";
  }
}

std::string expression(int depth) {
  const auto kind = depth == 0 ? 0 : *rc::gen::inRange(0, 4);
  if (kind == 1) return "NOT (" + expression(depth - 1) + ")";
  if (kind >= 2) return "(" + expression(depth - 1) + (kind == 2 ? ") AND (" : ") OR (") + expression(depth - 1) + ")";
  return comparison();
}

Columns random_columns() {
  Columns columns;
  const auto rows = *rc::gen::inRange(1, 4);
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    for (int row = 0; row < rows; ++row) columns.values[i].push_back(random_value(columns.types[i]));
  }
  return columns;
}

void check(const std::string& filter, const Columns& columns) {
  auto predicate = Predicate::bind(*parse_text(filter), [&](std::string_view name) -> Result<Slot> {
    return Slot{.number = columns.at(name), .type = columns.types[columns.at(name)]};
  });
  RC_ASSERT(predicate.has_value());
  bool met = false;
  for (std::size_t row = 0; row < columns.values[0].size(); ++row) {
    const auto said = predicate->test(TestRow(columns, row));
    RC_ASSERT(said.has_value());
    met = met || *said == true;
  }
  const bool may = predicate->may_be_true(TestStatistics(columns));
  if (met && !may) RC_FAIL(filter);
}

RC_GTEST_PROP(Cql2Bounds, RuleOutNoRowThatMeetsTheFilter, ()) {
  const auto filter = expression(2);
  for (int i = 0; i < 20; ++i) check(filter, random_columns());
}

// The bounds rule `filter` out among rows with these values of x, s and t.
bool ruled_out(std::string_view filter) {
  Columns columns;
  for (const double x : {10.0, 20.0}) columns.values[0].emplace_back(x);
  columns.values[1] = {Value(), Value()};
  for (const char* const s : {"landsat-7", "landsat-8"}) columns.values[2].emplace_back(std::string(s));
  for (const int day : {0, 10}) columns.values[3].push_back(Times{kBegin + day * kDay, kBegin + day * kDay, 0});
  columns.values[4] = {Value(), Value()};
  columns.values[5] = {Value(true), Value(true)};
  const auto predicate = Predicate::bind(*parse_text(filter), [&](std::string_view name) -> Result<Slot> {
    return Slot{.number = columns.at(name), .type = columns.types[columns.at(name)]};
  });
  EXPECT_TRUE(predicate) << filter;
  return predicate && !predicate->may_be_true(TestStatistics(columns));
}

TEST(Cql2Bounds, RuleOutWhatLiesBeyondThem) {
  for (const char* const filter : {"x < 10",
                                   "x > 20",
                                   "x = 9",
                                   "x = 21",
                                   "25 <= x",
                                   "x BETWEEN 21 AND 30",
                                   "x IN (1, 2, 30)",
                                   "NOT x >= 10",
                                   "x IS NULL",
                                   "s LIKE 'sentinel%'",
                                   "s LIKE 'a%'",
                                   "s = 'landsat-9'",
                                   "t > TIMESTAMP('2020-01-12T00:00:00Z')",
                                   "t < DATE('2020-01-01')",
                                   "T_AFTER(t, DATE('2020-02-01'))",
                                   "T_DURING(t, INTERVAL('2021-01-01', '..'))",
                                   "y = 1",
                                   "y <> 1",
                                   "NOT y = 1",
                                   "NOT b",
                                   "b = FALSE",
                                   "x = 15 AND x > 20",
                                   "x < 10 OR s > 'm'"}) {
    EXPECT_TRUE(ruled_out(filter)) << filter;
  }
  for (const char* const filter :
       {"x = 15", "x <> 10", "NOT x = 15", "s LIKE '%8'", "s LIKE 'landsat%'", "CASEI(s) = 'x'", "x + 1 = 100", "b",
        "T_DISJOINT(t, DATE('2020-01-05'))", "x < 10 OR s > 'landsat-7'", "t = DATE('2020-01-11')", "y IS NULL"}) {
    EXPECT_FALSE(ruled_out(filter)) << filter;
  }
}

}  // namespace
}  // namespace earthcatalog::cql2
