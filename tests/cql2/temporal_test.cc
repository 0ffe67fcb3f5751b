// Each relation against its condition on the ends of two intervals (OGC 21-065r2, 7.9), over all pairs of small ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cql2/properties.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::cql2 {
namespace {

std::string interval(int first, int last) {
  return fmt::format("INTERVAL('2020-01-0{}T00:00:00Z', '2020-01-0{}T00:00:00Z')", first, last);
}

using Condition = bool (*)(int a, int b, int c, int d);  // of the intervals a..b and c..d
const std::map<std::string, Condition> kConditions{
    {"T_BEFORE", [](int, int b, int c, int) { return b < c; }},
    {"T_AFTER", [](int a, int, int, int d) { return a > d; }},
    {"T_DISJOINT", [](int a, int b, int c, int d) { return b < c || a > d; }},
    {"T_INTERSECTS", [](int a, int b, int c, int d) { return !(b < c || a > d); }},
    {"T_EQUALS", [](int a, int b, int c, int d) { return a == c && b == d; }},
    {"T_MEETS", [](int, int b, int c, int) { return b == c; }},
    {"T_METBY", [](int a, int, int, int d) { return a == d; }},
    {"T_OVERLAPS", [](int a, int b, int c, int d) { return a < c && b > c && b < d; }},
    {"T_OVERLAPPEDBY", [](int a, int b, int c, int d) { return a > c && a < d && b > d; }},
    {"T_CONTAINS", [](int a, int b, int c, int d) { return a < c && b > d; }},
    {"T_DURING", [](int a, int b, int c, int d) { return a > c && b < d; }},
    {"T_STARTS", [](int a, int b, int c, int d) { return a == c && b < d; }},
    {"T_STARTEDBY", [](int a, int b, int c, int d) { return a == c && b > d; }},
    {"T_FINISHES", [](int a, int b, int c, int d) { return b == d && a > c; }},
    {"T_FINISHEDBY", [](int a, int b, int c, int d) { return b == d && a < c; }},
};

TEST(Cql2Temporal, EachRelationIsItsConditionOnTheEnds) {
  for (const auto& [name, condition] : kConditions) {
    for (int a = 1; a < 6; ++a) {
      for (int b = a; b < 6; ++b) {
        for (int c = 1; c < 6; ++c) {
          for (int d = c; d < 6; ++d) {
            const auto filter = fmt::format("{}({}, {})", name, interval(a, b), interval(c, d));
            ASSERT_EQ(answer(filter), condition(a, b, c, d)) << filter;
          }
        }
      }
    }
  }
}

TEST(Cql2Temporal, ADateIsItsWholeDay) {
  const auto at = [](const char* text) { return NamedValues{{"t", std::string(text)}}; };
  EXPECT_EQ(answer("t = DATE('2020-01-31')", at("2020-01-31T23:59:59.999999Z")), true);
  EXPECT_EQ(answer("t > DATE('2020-01-31')", at("2020-01-31T12:00:00Z")), false);
  EXPECT_EQ(answer("t > DATE('2020-01-31')", at("2020-02-01T00:00:00Z")), true);
  EXPECT_EQ(answer("t <= DATE('2020-01-31')", at("2020-01-31T12:00:00Z")), true);
  EXPECT_EQ(answer("T_INTERSECTS(t, INTERVAL('2020-01-01', '2020-01-31'))", at("2020-01-31T12:00:00Z")), true);
  EXPECT_EQ(answer("T_AFTER(t, DATE('2020-01-30'))", at("2020-01-31T00:00:00Z")), true);
}

TEST(Cql2Temporal, AnOpenEndIsBeyondAllTimes) {
  const NamedValues values{{"t", std::string("2020-06-01T00:00:00Z")}};
  EXPECT_EQ(
      answer("T_DURING(t, INTERVAL('2020-01-01', '..')) AND T_INTERSECTS(t, INTERVAL('..', '2020-06-01'))", values),
      true);
  EXPECT_EQ(answer("T_AFTER(t, INTERVAL('..', '..'))", values), false);
}

TEST(Cql2Temporal, OffsetsAreInstants) {
  EXPECT_EQ(answer("TIMESTAMP('2020-01-01T01:00:00+01:00') = TIMESTAMP('2020-01-01T00:00:00Z')"), true);
  const Times noon{1'577'880'000'000'000, 1'577'880'000'000'000, 1'577'880'000'000'000};
  EXPECT_EQ(answer("t = TIMESTAMP('2020-01-01T12:00:00Z') AND t = '2020-01-01T12:00:00Z'", {{"t", noon}}), true);
}

TEST(Cql2Temporal, ANullEndMakesTheIntervalUnknown) {
  EXPECT_EQ(answer("T_INTERSECTS(INTERVAL(b, e), INTERVAL('2020-01-01', '..'))", {{"b", std::string("2020-01-01")}}),
            std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::cql2
