#include <gtest/gtest.h>

#include <string>

#include "cql2/properties.h"
#include "earthcatalog/cql2/expression.h"

namespace earthcatalog::cql2 {
namespace {

std::string json(std::string_view text) {
  const auto parsed = parse_text(text);
  return parsed ? to_json(*parsed) : parsed.error().message;
}

// As an expression is written by to_text().
std::string text(std::string_view written) {
  const auto parsed = parse_text(written);
  return parsed ? to_text(*parsed) : parsed.error().message;
}

TEST(Cql2Text, AndBindsMoreThanOrAndNotMoreThanAnd) {
  EXPECT_EQ(
      json("a=1 OR b=2 AND NOT c=3"),
      R"({"op":"or","args":[{"op":"=","args":[{"property":"a"},1]},{"op":"and","args":[{"op":"=","args":[{"property":"b"},2]},)"
      R"({"op":"not","args":[{"op":"=","args":[{"property":"c"},3]}]}]}]})");
  EXPECT_EQ(text("(a=1 OR b=2) AND c=3"), "(a = 1 OR b = 2) AND c = 3");
  EXPECT_EQ(text("NOT (a=1 OR b=2)"), "NOT (a = 1 OR b = 2)");
  EXPECT_EQ(text("((a=1))"), "a = 1");
}

TEST(Cql2Text, ChainsOfOneOperatorAreOneOperation) {
  EXPECT_EQ(json("a AND b AND c"), R"({"op":"and","args":[{"property":"a"},{"property":"b"},{"property":"c"}]})");
  EXPECT_EQ(json("a AND (b AND c)"),
            R"({"op":"and","args":[{"property":"a"},{"op":"and","args":[{"property":"b"},{"property":"c"}]}]})");
}

TEST(Cql2Text, ArithmeticBindsAsInSchool) {
  EXPECT_EQ(text("a + b * c ^ d = 1"), "a + b * c ^ d = 1");
  EXPECT_EQ(text("(a + b) * c = 1"), "(a + b) * c = 1");
  EXPECT_EQ(text("a - (b - c) = 1"), "a - (b - c) = 1");
  EXPECT_EQ(text("(a - b) - c = 1"), "a - b - c = 1");
  EXPECT_EQ(text("a / (b * c) = 1"), "a / (b * c) = 1");
  EXPECT_EQ(text("2 ^ 3 ^ 2 = x"), "2 ^ 3 ^ 2 = x");
  EXPECT_EQ(text("(2 ^ 3) ^ 2 = x"), "(2 ^ 3) ^ 2 = x");
  EXPECT_EQ(answer("1 + 2 * 3 = 7 AND (1 + 2) * 3 = 9 AND 7 - 2 - 1 = 4 AND 2 ^ 3 ^ 2 = 512"), true);
  EXPECT_EQ(answer("7 div 2 = 3 AND 7 % 4 = 3 AND 8 / 5 = 1.6 AND -2 ^ 2 = 4 AND - (1 + 2) = -3"), true);
}

TEST(Cql2Text, WordsHaveAnyCase) {
  EXPECT_EQ(text("a like 'x%' and b Is Not Null or c not in (1, 2) and d between 1 AND 2"),
            "a LIKE 'x%' AND NOT b IS NULL OR NOT c IN (1, 2) AND d BETWEEN 1 AND 2");
  EXPECT_EQ(text("s_Intersects(g, point(1 2)) = tRUE"), "S_INTERSECTS(g, POINT (1 2)) = TRUE");
}

TEST(Cql2Text, NamesOfPropertiesKeepColonsDotsAndCase) {
  EXPECT_EQ(json("eo:cloud_cover"), R"({"property":"eo:cloud_cover"})");
  EXPECT_EQ(json("properties.proj:shape"), R"({"property":"properties.proj:shape"})");
  EXPECT_EQ(json("\"a b\"\"c\" = \"and\""), R"({"op":"=","args":[{"property":"a b\"c"},{"property":"and"}]})");
  EXPECT_EQ(text("\"and\" = 1 AND \"plain\" = 2 AND \"9\" = 3"), "\"and\" = 1 AND plain = 2 AND \"9\" = 3");
  EXPECT_EQ(json("größe = 1"), R"({"op":"=","args":[{"property":"größe"},1]})");
  // Names that are words of functions are properties without brackets.
  EXPECT_EQ(text("date > DATE('2020-01-01')"), "date > DATE('2020-01-01')");
}

TEST(Cql2Text, QuotesInTextsAreDoubledOrEscaped) {
  EXPECT_EQ(json("a = 'it''s'"), R"({"op":"=","args":[{"property":"a"},"it's"]})");
  EXPECT_EQ(json(R"(a = 'it\'s')"), R"({"op":"=","args":[{"property":"a"},"it's"]})");
  EXPECT_EQ(text("a = ''''"), "a = ''''");
  EXPECT_EQ(json(R"(a LIKE '50\%')"), R"({"op":"like","args":[{"property":"a"},"50\\%"]})");
}

TEST(Cql2Text, NumbersKeepTheirValue) {
  EXPECT_EQ(json("a IN (1, -1, 1.5, .5, 5., 1e3, -1.25E-2, +4)"),
            R"({"op":"in","args":[{"property":"a"},[1,-1,1.5,0.5,5.0,1000.0,-0.0125,4]]})")
      << "JSON has no number that begins or ends with a point";
}

TEST(Cql2Text, CoordinatesNextToZeroAreZero) {
  EXPECT_EQ(text("S_WITHIN(g, POINT(1e-320 -4.9e-324))"), "S_WITHIN(g, POINT (0 0))");
  EXPECT_EQ(text("S_WITHIN(g, BBOX(1e-320, 0, 1e-320, 1e-320))"), "S_WITHIN(g, LINESTRING (0 0, 0 0))");
}

TEST(Cql2Text, TimesAndIntervals) {
  EXPECT_EQ(json("t_during(a, interval('..', '2020-01-01'))"),
            R"({"op":"t_during","args":[{"property":"a"},{"interval":["..","2020-01-01"]}]})");
  EXPECT_EQ(
      json("T_AFTER(INTERVAL(b, e), TIMESTAMP('2020-01-01T00:00:00Z'))"),
      R"({"op":"t_after","args":[{"interval":[{"property":"b"},{"property":"e"}]},{"timestamp":"2020-01-01T00:00:00Z"}]})");
}

struct Bad {
  const char *text, *words;
  std::size_t byte;
};

class Cql2Refused : public testing::TestWithParam<Bad> {};

TEST_P(Cql2Refused, ErrorNamesTheByteAndShowsIt) {
  const auto& bad = GetParam();
  const auto parsed = parse_text(bad.text);
  ASSERT_FALSE(parsed) << to_text(*parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
  const auto& message = parsed.error().message;
  EXPECT_NE(message.find("byte " + std::to_string(bad.byte) + ":"), std::string::npos) << message;
  EXPECT_NE(message.find(bad.words), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Cql2Text, Cql2Refused,
    testing::Values(Bad{"", "expected a property, a value or \"(\", found the end", 0}, Bad{"a = ", "found the end", 4},
                    Bad{"a = = 3", "found \"=\"", 4}, Bad{"a b", "an operator", 2}, Bad{"a = 'x", "is not closed", 4},
                    Bad{"\"a = 1", "is not closed", 0}, Bad{"(a = 1", "expected \")\"", 6},
                    Bad{"a = 1)", "an operator", 5}, Bad{"a NOT = 1", "LIKE, BETWEEN or IN", 6},
                    Bad{"a IS 3", "expected NULL", 5}, Bad{"a IN 3", "expected \"(\"", 5},
                    Bad{"a BETWEEN 1 OR 2", "expected AND", 12}, Bad{"a = #", "begins nothing", 4},
                    Bad{"a = DATE('2020-13-01')", "expected a date", 9},
                    Bad{"a = TIMESTAMP('2020-01-01')", "expected a timestamp", 14},
                    Bad{"a = DATE(2020)", "a time in quotes", 9},
                    Bad{"T_AFTER(a, INTERVAL('x', '..'))", "a date, a timestamp or '..'", 20},
                    Bad{"T_AFTER(a, INTERVAL(1 + 2, '..'))", "expected a property, a date", 20},
                    Bad{"S_INTERSECTS(a)", "takes 2 arguments, not 1", 0}, Bad{"CASEI()", "takes 1 argument", 0},
                    Bad{"S_WITHIN(a, POINT(1))", "no WKT", 12}, Bad{"S_WITHIN(a, POINT(1 2)", "\",\" or \")\"", 22},
                    Bad{"S_WITHIN(a, POINT(90 180))", "latitude", 12}, Bad{"S_WITHIN(a, BBOX(1,2,3))", "3 numbers", 12},
                    Bad{"a = 1e999", "too large", 4}, Bad{"DIV(1, 2) = 1", "", 0}));

TEST(Cql2Text, CaretStandsUnderTheByteThatIsWrong) {
  const auto message = parse_text("größe = = 3").error().message;
  EXPECT_TRUE(message.ends_with("\n  größe = = 3\n          ^")) << message;
  // Of a long text the part around it is shown, cut between characters.
  const auto shown = parse_text("name = '" + std::string(200, 'x') + "' AND ääääääää = = 3").error().message;
  const auto lines = shown.substr(shown.find('\n'));
  EXPECT_LT(lines.size(), 240U);
  EXPECT_NE(lines.find("ääääääää = = 3"), std::string::npos) << lines;
}

TEST(Cql2Text, ADeepExpressionIsRefusedNotAStackUsedUp) {
  for (const char* const open : {"(", "NOT ", "- ", "CASEI(", "a AND (", "POINT("}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    EXPECT_FALSE(parse_text(deep)) << open;
  }
  std::string brackets = "a = 1";
  for (int i = 0; i < 100; ++i) brackets = "(" + brackets + ")";
  EXPECT_TRUE(parse_text(brackets));
  std::string chain = "a = 1";
  for (int i = 0; i < 10'000; ++i) chain += " OR a = 1";
  EXPECT_TRUE(parse_text(chain));
}

}  // namespace
}  // namespace earthcatalog::cql2
