#include "earthcatalog/search/area.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/geometry_text.h"

namespace earthcatalog::search {
namespace {

Area area_of(std::vector<double> bbox) {
  const auto wkb = grid::wkb_of_bbox(bbox);
  EXPECT_TRUE(wkb) << wkb.error().message;
  auto area = Area::make(*wkb);
  EXPECT_TRUE(area) << area.error().message;
  return *area;
}

bool touch(const Area& area, const std::string& footprint) {
  const auto wkb = grid::wkb_of_text(footprint);
  EXPECT_TRUE(wkb) << wkb.error().message;
  AreaTest test(area);
  const auto touches = test.touches(*wkb);
  EXPECT_TRUE(touches) << touches.error().message;
  // The box of a footprint never rules out what the footprint touches.
  EXPECT_TRUE(!*touches || area.may_touch(*grid::bounds(*wkb))) << footprint;
  return *touches;
}

TEST(BboxArea, EdgesAndCornersTouch) {
  const auto area = area_of({0, 0, 10, 10});
  EXPECT_TRUE(touch(area, "POINT(10 10)"));
  EXPECT_TRUE(touch(area, "LINESTRING(10 -5, 10 15)"));
  EXPECT_FALSE(touch(area, "POINT(10.0000001 10)"));
}

TEST(BboxArea, HeightsDoNotCount) {
  EXPECT_EQ(*grid::wkb_of_bbox(std::array{0.0, 1.0, -9.0, 2.0, 3.0, 9.0}),
            *grid::wkb_of_bbox(std::array{0.0, 1.0, 2.0, 3.0}));
}

TEST(BboxArea, WestBeyondEastGoesOverTheAntimeridian) {
  const auto area = area_of({170, -10, -170, 10});
  EXPECT_TRUE(touch(area, "POINT(175 0)"));
  EXPECT_TRUE(touch(area, "POINT(-175 0)"));
  EXPECT_TRUE(touch(area, "POINT(180 0)"));
  EXPECT_FALSE(touch(area, "POINT(0 0)"));
  EXPECT_TRUE(touch(area, "POLYGON((178 0, -178 0, -178 5, 178 5, 178 0))"));
}

TEST(BboxArea, BothNamesOfTheAntimeridianTouch) {
  EXPECT_TRUE(touch(area_of({-180, 0, -170, 10}), "POINT(180 5)"));
  EXPECT_TRUE(touch(area_of({170, 0, 180, 10}), "POINT(-180 5)"));
  EXPECT_TRUE(touch(area_of({170, 0, 180, 10}), "POLYGON((-180 0, -175 0, -175 5, -180 5, -180 0))"));
}

TEST(BboxArea, WiderThanHalfTheGlobeRunsAsWritten) {
  const auto area = area_of({-100, -10, 120, 10});
  EXPECT_TRUE(touch(area, "POINT(0 0)"));
  EXPECT_FALSE(touch(area, "POINT(150 0)"));
  const auto world = area_of({-180, -90, 180, 90});
  EXPECT_TRUE(touch(world, "POINT(0 0)"));
  EXPECT_TRUE(touch(world, "POINT(-180 90)"));
}

TEST(BboxArea, WithoutWidthOrHeightIsALineOrAPoint) {
  EXPECT_TRUE(touch(area_of({5, 5, 5, 5}), "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))"));
  EXPECT_TRUE(touch(area_of({-20, 5, 150, 5}), "POINT(7 5)"));
  EXPECT_FALSE(touch(area_of({5, -5, 5, 5}), "POINT(5.5 0)"));
}

TEST(BboxArea, PolesAreOnePoint) {
  EXPECT_TRUE(touch(area_of({0, 80, 10, 90}), "POINT(-120 90)"));
  EXPECT_TRUE(touch(area_of({0, 80, 10, 90}), "POLYGON((0 85, 90 85, 180 85, -90 85, 0 85))"));
  EXPECT_FALSE(touch(area_of({0, 80, 10, 89}), "POINT(-120 90)"));
}

TEST(TextArea, ReadsGeoJsonFeaturesAndWkt) {
  const auto geometry = grid::wkb_of_text(R"({"type":"Point","coordinates":[1,2]})");
  ASSERT_TRUE(geometry) << geometry.error().message;
  EXPECT_EQ(
      *grid::wkb_of_text(R"( {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}})"),
      *geometry);
  EXPECT_EQ(*grid::wkb_of_text("POINT (1 2)"), *geometry);
}

TEST(TextArea, HolesAreNoPartOfIt) {
  const auto wkb = grid::wkb_of_text("POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 8 2, 8 8, 2 8, 2 2))");
  const auto area = Area::make(*wkb);
  EXPECT_FALSE(touch(*area, "POINT(5 5)"));
  EXPECT_TRUE(touch(*area, "POINT(2 5)"));
}

TEST(TextArea, RefusesWhatIsNoGeometry) {
  for (const std::string text : {"", "  ", "POINT(1", "{}", R"({"type":"Point"})",
                                 R"({"type":"Polygon","coordinates":[[[0,0],[1,1],[2,0]]]})", "CIRCLE(1 2)"}) {
    const auto wkb = grid::wkb_of_text(text);
    ASSERT_FALSE(wkb) << text;
    EXPECT_EQ(wkb.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(TextArea, APositionWithoutNumbersIsRefused) {
  for (const char* text :
       {R"({"type":"Polygon","coordinates":[[[0,0],[],[1,1],[0,0]]]})",
        R"({"type":"LineString","coordinates":[[0,0],5]})", R"({"type":"Point","coordinates":[1]})"}) {
    EXPECT_FALSE(grid::wkb_of_text(text)) << text;
  }
}

TEST(TextArea, HeightsOfGeojsonDoNotCount) {
  const auto flat = grid::wkb_of_text(R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]})");
  const auto high = grid::wkb_of_text(R"({"type":"Polygon","coordinates":[[[0,0,5],[1,0,5],[1,1,-5],[0,0,5]]]})");
  ASSERT_TRUE(flat);
  ASSERT_TRUE(high) << high.error().message;
  EXPECT_EQ(*flat, *high);
}

TEST(TextArea, RefusesLatitudesOffTheMapAndEmptyGeometries) {
  EXPECT_FALSE(grid::wkb_of_text("POINT(0 91)"));
  EXPECT_FALSE(grid::wkb_of_text("POINT(nan 1)"));
  for (const char* text : {"POINT EMPTY", "GEOMETRYCOLLECTION EMPTY"}) {
    const auto area = Area::make(*grid::wkb_of_text(text));
    ASSERT_FALSE(area) << text;
    EXPECT_EQ(area.error().kind, ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace earthcatalog::search
