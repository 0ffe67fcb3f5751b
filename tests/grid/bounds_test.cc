#include "earthcatalog/grid/bounds.h"

#include <gtest/gtest.h>

#include "grid/wkb_build.h"

namespace earthcatalog::grid::testing {
namespace {

void expect_box(const std::string& wkb, double xmin, double ymin, double xmax, double ymax) {
  const auto box = bounds(wkb);
  ASSERT_TRUE(box.has_value());
  EXPECT_DOUBLE_EQ(box->xmin, xmin);
  EXPECT_DOUBLE_EQ(box->ymin, ymin);
  EXPECT_DOUBLE_EQ(box->xmax, xmax);
  EXPECT_DOUBLE_EQ(box->ymax, ymax);
}

TEST(Bounds, ArePlainWhereTheFootprintIs) {
  expect_box(point({7, 8}), 7, 8, 7, 8);
  expect_box(line({{7, 8}, {-3, 9}}), -3, 8, 7, 9);
  expect_box(polygon(box(-20, -10, 30, 40)), -20, -10, 30, 40);
  expect_box(polygon(box(170, 0, 180, 5)), 170, 0, 180, 5);
  expect_box(polygon(box(-180, 0, -170, 5)), -180, 0, -170, 5);
  expect_box(polygon(box(-180, -90, 180, 90)), -180, -90, 180, 90);
  expect_box(collection(7, {point({7, 8}), line({{-50, 1}, {-40, -2}})}), -50, -2, 7, 8);
}

TEST(Bounds, OverTheAntimeridianSpanAllLongitudes) {
  expect_box(polygon(box(170, 0, 190, 5)), -180, 0, 180, 5);
  expect_box(polygon(Points{{170, 0}, {-170, 0}, {-170, 5}, {170, 5}}), -180, 0, 180, 5);
  expect_box(collection(6, {polygon(box(170, 0, 180, 5)), polygon(box(-180, 0, -170, 5))}), -180, 0, 180, 5);
  expect_box(line({{170, 0}, {-170, 3}}), -180, 0, 180, 3);
}

TEST(Bounds, OfABeltWithMoreVerticesAreThoseOfTheBelt) {
  expect_box(polygon(Points{{-180, -60}, {180, -60}, {180, 60}, {0, 60}, {-180, 60}}), -180, -60, 180, 60);
}

TEST(Bounds, BringLongitudesPast180Home) {
  expect_box(polygon(box(185, 0, 190, 5)), -175, 0, -170, 5);
  expect_box(polygon(box(-190, 0, -180, 5)), 170, 0, 180, 5);
  expect_box(polygon(box(180, 0, 190, 5)), -180, 0, -170, 5);
  expect_box(polygon(Points{{-180, 0}, {170, 0}, {170, 5}, {-180, 5}}), 170, 0, 180, 5);
  expect_box(point({540, 8}), -180, 8, -180, 8);
}

TEST(Bounds, RoundAPoleReachIt) {
  expect_box(polygon(Points{{-180, 70}, {-60, 72}, {60, 71}}), -180, 70, 180, 90);
  expect_box(polygon(Points{{0, -70}, {120, -72}, {-120, -71}}), -180, -90, 180, -70);
}

TEST(Bounds, EmptyGeometryHasNone) {
  EXPECT_FALSE(bounds(line({})));
  EXPECT_FALSE(bounds(collection(7, {})));
  EXPECT_FALSE(bounds("no geometry"));
}

}  // namespace
}  // namespace earthcatalog::grid::testing
