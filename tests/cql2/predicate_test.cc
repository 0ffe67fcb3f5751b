#include "earthcatalog/cql2/predicate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

#include "cql2/properties.h"

namespace earthcatalog::cql2 {
namespace {

constexpr std::optional<bool> kYes = true, kNo = false, kUnknown = std::nullopt;
constexpr std::array kAnswers{kYes, kNo, kUnknown};

NamedValues two(std::optional<bool> a, std::optional<bool> b) {
  NamedValues values;
  if (a) values["a"] = *a;
  if (b) values["b"] = *b;
  return values;
}

TEST(Cql2Logic, HasThreeValues) {
  // Kleene's tables: rows a = true, false, unknown; columns b.
  constexpr std::array kAnd{kYes, kNo, kUnknown, kNo, kNo, kNo, kUnknown, kNo, kUnknown};
  constexpr std::array kOr{kYes, kYes, kYes, kYes, kNo, kUnknown, kYes, kUnknown, kUnknown};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      EXPECT_EQ(answer("a AND b", two(kAnswers[a], kAnswers[b])), kAnd[3 * a + b]) << a << b;
      EXPECT_EQ(answer("a OR b", two(kAnswers[a], kAnswers[b])), kOr[3 * a + b]) << a << b;
    }
  }
  EXPECT_EQ(answer("NOT a", two(kYes, {})), kNo);
  EXPECT_EQ(answer("NOT a", two(kNo, {})), kYes);
  EXPECT_EQ(answer("NOT a", two({}, {})), kUnknown);
}

TEST(Cql2Logic, WhatComparesANullIsUnknown) {
  const NamedValues values{{"x", 1.0}, {"s", std::string("a")}};
  for (const char* const filter :
       {"n = 1", "n <> 1", "n < 1", "x = n", "n = n", "n BETWEEN 1 AND 2", "x BETWEEN n AND 2", "n IN (1, 2)",
        "x IN (2, n)", "NOT x IN (2, n)", "n LIKE 'a%'", "s LIKE n", "CASEI(n) = 'a'", "x + n = 1", "-n = 1",
        "T_AFTER(n, DATE('2020-01-01'))", "S_INTERSECTS(n, POINT(0 0))", "A_CONTAINS(n, ('a'))"}) {
    EXPECT_EQ(answer(filter, values), kUnknown) << filter;
  }
  EXPECT_EQ(answer("n IS NULL AND x IS NOT NULL", values), kYes);
  EXPECT_EQ(answer("x IN (1, n)", values), kYes);
  EXPECT_EQ(answer("x BETWEEN 2 AND n", values), kNo) << "one side settles it";
}

TEST(Cql2Comparison, ComparesNumbersTextsAndBooleans) {
  const NamedValues values{{"x", 2.0}, {"s", std::string("b")}, {"t", true}};
  EXPECT_EQ(answer("x = 2 AND x <> 3 AND x < 3 AND x <= 2 AND x > 1 AND x >= 2 AND 1 < x", values), kYes);
  EXPECT_EQ(answer("s = 'b' AND s > 'a' AND s < 'ba' AND t = TRUE AND t <> FALSE AND t > FALSE", values), kYes);
  EXPECT_EQ(answer("x BETWEEN 2 AND 2 AND s NOT BETWEEN 'c' AND 'd'", values), kYes);
  EXPECT_EQ(answer("x BETWEEN 3 AND 1", values), kNo);
  EXPECT_EQ(answer("x = 'b'", values), kUnknown) << "a property of no known type may hold anything";
  EXPECT_EQ(answer("t", values), kYes);
}

TEST(Cql2Comparison, WhatIsDividedByNothingIsNull) {
  EXPECT_EQ(answer("1 / 0 IS NULL AND 1 % 0 IS NULL AND 1 div 0 IS NULL"), kYes);
  EXPECT_EQ(answer("-7 div 2 = -3 AND -7 % 2 = -1"), kYes) << "cut towards zero, as SQL has it";
}

struct Like {
  const char *text, *pattern;
  bool matches;
};

TEST(Cql2Like, PercentUnderscoreAndEscapes) {
  for (const auto& [text, pattern, matches] : {Like{"abc", "a%", true},
                                               Like{"abc", "%c", true},
                                               Like{"abc", "%b%", true},
                                               Like{"abc", "a_c", true},
                                               Like{"abc", "abc", true},
                                               Like{"abc", "ab", false},
                                               Like{"abc", "_", false},
                                               Like{"abc", "____", false},
                                               Like{"", "%", true},
                                               Like{"", "", true},
                                               Like{"", "_", false},
                                               Like{"abc", "%%%", true},
                                               Like{"aXbXc", "a%X%c", true},
                                               Like{"aab", "%ab", true},
                                               Like{"mississippi", "m%iss%ip%i", true},
                                               Like{"mississippi", "m%iss%ipx%i", false},
                                               Like{"ä", "_", true},
                                               Like{"日本", "__", true},
                                               Like{"50%", "50\\%", true},
                                               Like{"505", "50\\%", false},
                                               Like{"a_b", "a\\_b", true},
                                               Like{"axb", "a\\_b", false},
                                               Like{"a\\b", "a\\\\b", true},
                                               Like{"Abc", "abc", false},
                                               Like{"a\nb", "a%b", true}}) {
    const NamedValues values{{"s", std::string(text)}, {"p", std::string(pattern)}};
    EXPECT_EQ(answer("s LIKE p", values), matches) << text << " LIKE " << pattern;
    EXPECT_EQ(answer("s NOT LIKE p", values), !matches) << text << " NOT LIKE " << pattern;
  }
}

TEST(Cql2Like, ManyPercentsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "%a";
  const NamedValues values{{"s", std::string(5'000, 'a') + "b"}, {"p", pattern + "%c"}};
  EXPECT_EQ(answer("s LIKE p", values), kNo);
}

TEST(Cql2Text, CaseiAndAccentiFoldUnicode) {
  const NamedValues values{{"s", std::string("STRAßE")}, {"e", std::string("Beyoncé")}, {"g", std::string("ΟΔΟΣ")}};
  EXPECT_EQ(answer("CASEI(s) = CASEI('straße')", values), kYes);
  EXPECT_EQ(answer("ACCENTI(e) = ACCENTI('Beyonce') AND ACCENTI(e) = 'Beyonce'", values), kYes);
  EXPECT_EQ(answer("CASEI(ACCENTI(e)) = 'beyonce' AND ACCENTI(CASEI(e)) LIKE 'bey%'", values), kYes);
  EXPECT_EQ(answer("CASEI(g) = CASEI('Οδος')", values), kYes);
  EXPECT_EQ(answer("CASEI(s) IN (CASEI('x'), CASEI('Straße'))", values), kYes);
}

TEST(Cql2Arrays, AreComparedAsSets) {
  const NamedValues values{{"l", list_of({"a", "b", "b"})}, {"none", list_of({})}};
  EXPECT_EQ(answer("A_CONTAINS(l, ('b', 'a')) AND A_CONTAINS(l, ('a')) AND NOT A_CONTAINS(l, ('a', 'c'))", values),
            kYes);
  EXPECT_EQ(answer("A_CONTAINEDBY(l, ('a', 'b', 'c')) AND NOT A_CONTAINEDBY(l, ('a'))", values), kYes);
  EXPECT_EQ(answer("A_EQUALS(l, ('b', 'a')) AND NOT A_EQUALS(l, ('b'))", values), kYes);
  EXPECT_EQ(answer("A_OVERLAPS(l, ('b', 'z')) AND NOT A_OVERLAPS(l, ('z'))", values), kYes);
  EXPECT_EQ(answer("A_CONTAINEDBY(none, ('a')) AND A_CONTAINS(l, none) AND NOT A_OVERLAPS(none, l)", values), kYes);
}

TEST(Cql2Bind, NamesWhatIsOfAnotherType) {
  const std::map<std::string, ValueType, std::less<>> types{{"n", ValueType::kNumber},
                                                            {"s", ValueType::kText},
                                                            {"t", ValueType::kTime},
                                                            {"g", ValueType::kGeometry},
                                                            {"b", ValueType::kBoolean}};
  for (const char* const filter : {"n = 'a'",
                                   "s = 3",
                                   "t = 3",
                                   "t = 'no time'",
                                   "g = 3",
                                   "b = 3",
                                   "n LIKE 'a%'",
                                   "s + 1 = 2",
                                   "CASEI(n) = 'a'",
                                   "S_INTERSECTS(s, POINT(0 0))",
                                   "T_AFTER(n, DATE('2020-01-01'))",
                                   "n IN (1, 'a')",
                                   "n BETWEEN 'a' AND 'b'",
                                   "n AND b",
                                   "NOT n",
                                   "n",
                                   "'a'",
                                   "3",
                                   "n + 1",
                                   "INTERVAL(n, '..') = 1",
                                   "A_CONTAINS(n, ('a'))",
                                   "n = (1, 2)",
                                   "avg(n) = 1"}) {
    EXPECT_NE(error_of(filter, types), "") << filter;
  }
  EXPECT_EQ(error_of("t > '2020-01-01' AND '2020-01-01T00:00:00Z' < t AND n = 3 AND b AND s > 'a'", types), "")
      << "a text that is a time is one";
  EXPECT_EQ(error_of("n = 'a'", types), "`filter`: a number is compared with a text in n = 'a'");
}

// An expression of comparisons that are known, unknown or false.
std::string random_logic(int depth) {
  const auto kind = depth == 0 ? 3 : *rc::gen::inRange(0, 4);
  if (kind == 0) return "NOT (" + random_logic(depth - 1) + ")";
  if (kind == 3) return *rc::gen::element<std::string>("x = 1", "x = 2", "n = 1", "n IS NULL", "x IN (2, n)");
  return "(" + random_logic(depth - 1) + (kind == 1 ? " AND " : " OR ") + random_logic(depth - 1) + ")";
}

RC_GTEST_PROP(Cql2Logic, AnExpressionFromItsOwnTextOrJsonAnswersTheSame, ()) {
  const auto filter = random_logic(4);
  const auto parsed = parse_text(filter);
  RC_ASSERT(parsed.has_value());
  const NamedValues values{{"x", 1.0}};
  RC_ASSERT(answer(to_text(*parsed), values) == answer(filter, values));
  RC_ASSERT(answer(to_text(*parse_json(to_json(*parsed))), values) == answer(filter, values));
  const auto turned = answer("NOT (" + filter + ")", values), as_it_is = answer(filter, values);
  RC_ASSERT(turned == (as_it_is ? std::optional(!*as_it_is) : std::nullopt));
}

}  // namespace
}  // namespace earthcatalog::cql2
