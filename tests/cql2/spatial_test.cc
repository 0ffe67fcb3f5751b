#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cql2/properties.h"
#include "earthcatalog/cql2/predicate.h"

namespace earthcatalog::cql2 {
namespace {

constexpr const char* kRelations[] = {"S_INTERSECTS", "S_DISJOINT", "S_EQUALS",   "S_TOUCHES",
                                      "S_WITHIN",     "S_CONTAINS", "S_OVERLAPS", "S_CROSSES"};

// The relations that hold between two geometries, without "S_".
std::string relations(std::string_view a, std::string_view b) {
  std::string names;
  for (const std::string relation : kRelations) {
    if (answer(fmt::format("{}({}, {})", relation, a, b)) == true) names += relation.substr(2) + " ";
  }
  return names;
}

TEST(Cql2Spatial, RelationsOfSquaresAndLines) {
  const std::string square = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))";
  EXPECT_EQ(relations(square, "POLYGON((2 2, 4 2, 4 4, 2 4, 2 2))"), "INTERSECTS CONTAINS ");
  EXPECT_EQ(relations("POLYGON((2 2, 4 2, 4 4, 2 4, 2 2))", square), "INTERSECTS WITHIN ");
  EXPECT_EQ(relations(square, "POLYGON((10 0, 20 0, 20 10, 10 10, 10 0))"), "INTERSECTS TOUCHES ");
  EXPECT_EQ(relations(square, "POLYGON((5 5, 20 5, 20 20, 5 20, 5 5))"), "INTERSECTS OVERLAPS ");
  EXPECT_EQ(relations(square, "POLYGON((0 10, 0 0, 10 0, 10 10, 0 10))"), "INTERSECTS EQUALS WITHIN CONTAINS ");
  EXPECT_EQ(relations(square, "POLYGON((50 50, 60 50, 60 60, 50 50))"), "DISJOINT ");
  EXPECT_EQ(relations(square, "LINESTRING(-5 5, 15 5)"), "INTERSECTS CROSSES ");
  EXPECT_EQ(relations("LINESTRING(-5 5, 15 5)", square), "INTERSECTS CROSSES ");
  EXPECT_EQ(relations("LINESTRING(0 0, 10 10)", "LINESTRING(0 10, 10 0)"), "INTERSECTS CROSSES ");
  EXPECT_EQ(relations("LINESTRING(0 0, 10 0)", "LINESTRING(5 0, 15 0)"), "INTERSECTS OVERLAPS ");
  EXPECT_EQ(relations(square, "POINT(5 5)"), "INTERSECTS CONTAINS ");
  EXPECT_EQ(relations(square, "POINT(10 5)"), "INTERSECTS TOUCHES ");
  EXPECT_EQ(relations("POINT(5 5)", "POINT(5 5)"), "INTERSECTS EQUALS WITHIN CONTAINS ");
  EXPECT_EQ(relations("POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))", "POINT(5 5)"), "DISJOINT ");
  EXPECT_EQ(relations("POINT EMPTY", square), "DISJOINT ");
}

TEST(Cql2Spatial, OneGeometryOverTheAntimeridianInThreeSpellings) {
  const std::vector<std::string> spellings{
      "POLYGON((170 0, 190 0, 190 10, 170 10, 170 0))", "POLYGON((-190 0, -170 0, -170 10, -190 10, -190 0))",
      "MULTIPOLYGON(((170 0, 180 0, 180 10, 170 10, 170 0)), ((-180 0, -170 0, -170 10, -180 10, -180 0)))"};
  for (const auto& a : spellings) {
    EXPECT_EQ(relations(a, "POINT(175 5)"), "INTERSECTS CONTAINS ") << a;
    EXPECT_EQ(relations(a, "POINT(-175 5)"), "INTERSECTS CONTAINS ") << a;
    EXPECT_EQ(relations(a, "POINT(0 5)"), "DISJOINT ") << a;
    EXPECT_EQ(relations(a, "BBOX(175, 5, -160, 20)"), "INTERSECTS OVERLAPS ") << a;
    EXPECT_EQ(relations(a, "LINESTRING(160 5, 200 5)"), "INTERSECTS CROSSES ") << a;
    for (const auto& b : spellings) EXPECT_EQ(relations(a, b), "INTERSECTS EQUALS WITHIN CONTAINS ") << a << b;
  }
}

TEST(Cql2Spatial, APoleIsOnePoint) {
  const std::string cap = "POLYGON((0 80, 90 80, 180 80, 270 80, 0 80))";
  EXPECT_EQ(answer(fmt::format("S_CONTAINS({}, POINT(45 85))", cap)), true);
  EXPECT_EQ(answer("S_INTERSECTS(POINT(0 90), POINT(100 90))"), true);
  EXPECT_EQ(answer("S_DISJOINT(POINT(0 90), POINT(100 90))"), false);
}

TEST(Cql2Spatial, ALiteralOnEitherSideAnswersTheSame) {
  const std::map<std::string, std::string> inverse{{"S_CONTAINS", "S_WITHIN"}, {"S_WITHIN", "S_CONTAINS"}};
  const auto square = parse_text("POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))");
  ASSERT_TRUE(square);
  const NamedValues values{{"g", Geometry{square->text}}};
  for (const char* const other :
       {"POINT(5 5)", "LINESTRING(-5 5, 15 5)", "POLYGON((-9 -9, 20 -9, 20 20, -9 20, -9 -9))",
        "POLYGON((5 5, 20 5, 20 20, 5 20, 5 5))", "POLYGON((10 0, 20 0, 20 10, 10 0))"}) {
    for (const std::string relation : kRelations) {
      const auto other_way = inverse.contains(relation) ? inverse.at(relation) : relation;
      EXPECT_EQ(answer(fmt::format("{}(g, {})", relation, other), values),
                answer(fmt::format("{}({}, g)", other_way, other), values))
          << relation << other;
    }
  }
}

TEST(Cql2Spatial, ARingThatCrossesItselfIsCompared) {
  EXPECT_EQ(answer("S_INTERSECTS(POLYGON((0 0, 10 10, 10 0, 0 10, 0 0)), POINT(9 5))"), true);
  EXPECT_EQ(answer("S_WITHIN(POINT(9 5), POLYGON((0 0, 10 10, 10 0, 0 10, 0 0)))"), true);
}

}  // namespace
}  // namespace earthcatalog::cql2
