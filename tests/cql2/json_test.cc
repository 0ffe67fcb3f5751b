#include <gtest/gtest.h>

#include <string>

#include "earthcatalog/cql2/expression.h"

namespace earthcatalog::cql2 {
namespace {

std::string text(std::string_view json) {
  const auto parsed = parse_json(json);
  return parsed ? to_text(*parsed) : parsed.error().message;
}

TEST(Cql2Json, OperationsPropertiesAndLiterals) {
  EXPECT_EQ(text(R"({"op":"and","args":[{"op":"<","args":[{"property":"eo:cloud_cover"},10]},
                     {"op":"not","args":[{"op":"like","args":[{"property":"id"},"a%"]}]}]})"),
            "eo:cloud_cover < 10 AND NOT id LIKE 'a%'");
  EXPECT_EQ(text(R"({"op":"isNull","args":[{"property":"a"}]})"), "a IS NULL");
  EXPECT_EQ(text(R"({"op":"in","args":[{"property":"a"},["x","y"]]})"), "a IN ('x', 'y')");
  EXPECT_EQ(text(R"({"op":"t_during","args":[{"property":"a"},{"interval":["2020-01-01",".."]}]})"),
            "T_DURING(a, INTERVAL('2020-01-01', '..'))");
  EXPECT_EQ(text(R"({"op":"s_within","args":[{"property":"g"},{"bbox":[0,0,1,1]}]})"),
            "S_WITHIN(g, POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0)))");
  EXPECT_EQ(text(R"({"op":"s_within","args":[{"property":"g"},{"type":"Point","coordinates":[0.1,2]}]})"),
            "S_WITHIN(g, POINT (0.1 2))");
}

struct Bad {
  const char *json, *words;
};

class Cql2JsonRefused : public testing::TestWithParam<Bad> {};

TEST_P(Cql2JsonRefused, ErrorNamesThePlace) {
  const auto parsed = parse_json(GetParam().json);
  ASSERT_FALSE(parsed) << to_text(*parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(parsed.error().message.find(GetParam().words), std::string::npos) << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Cql2Json, Cql2JsonRefused,
    testing::Values(
        Bad{"{", "byte 1: this is no JSON"}, Bad{"", "byte 0: this is no JSON"},
        Bad{R"({"op":"=","args":[1e999,1]})", "this is no JSON"}, Bad{"null", "at the top: null"},
        Bad{"{}", "needs \"op\""}, Bad{R"({"op":3,"args":[]})", "/op"}, Bad{R"({"op":"="})", "needs an array \"args\""},
        Bad{R"({"op":"=","args":[1]})", "takes 2 arguments, not 1"},
        Bad{R"({"op":"and","args":[true,{"op":"=","args":[{"property":1},2]}]})", "at /args/1/args/0/property"},
        Bad{R"({"op":"=","args":[{"date":"2020-13-01"},1]})", "\"2020-13-01\" is no date"},
        Bad{R"({"interval":["2020-01-01"]})", "two ends"}, Bad{R"({"interval":[1,".."]})", "an end is a property"},
        Bad{R"({"type":"Point","coordinates":[1]})", "no GeoJSON"},
        Bad{R"({"type":"Point","coordinates":[0,91]})", "latitude"}, Bad{R"({"bbox":[0,0,"a",1]})", "/bbox"}));

TEST(Cql2Json, ADeepDocumentIsRefusedNotAStackUsedUp) {
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"op":"not","args":[)";
  EXPECT_FALSE(parse_json(deep));
}

}  // namespace
}  // namespace earthcatalog::cql2
