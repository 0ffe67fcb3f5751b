#include "earthcatalog/grid/footprint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "grid/wkb_build.h"

namespace earthcatalog::grid::testing {
namespace {

Footprint read(std::string_view wkb) {
  Footprint footprint;
  const auto status = read_wkb(wkb, footprint);
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
  return footprint;
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

TEST(ReadWkb, ReadsBothByteOrders) {
  const auto big = bytes({0, 0, 0, 0, 1, 0x40, 0x24, 0, 0, 0, 0, 0, 0, 0xC0, 0x34, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(read(big).vertices, (Points{{10, -20}}));
  EXPECT_EQ(read(point({10, -20})).vertices, (Points{{10, -20}}));
}

TEST(ReadWkb, LeavesHeightsAndMeasuresOut) {
  for (const std::uint32_t dimensions : {1U, 2U, 3U}) {
    std::string wkb = header(2 + 1000 * dimensions);
    append(wkb, std::uint32_t{2});
    for (const double value : {1.0, 2.0, 99.0}) append(wkb, value);
    if (dimensions == 3) append(wkb, 98.0);
    for (const double value : {3.0, 4.0, std::numeric_limits<double>::quiet_NaN()}) append(wkb, value);
    if (dimensions == 3) append(wkb, 98.0);
    EXPECT_EQ(read(wkb).vertices, (Points{{1, 2}, {3, 4}})) << dimensions;
  }
}

TEST(ReadWkb, FlattensCollections) {
  const auto footprint =
      read(collection(7, {point({1, 2}), collection(6, {polygon({box(0, 0, 9, 9), box(1, 1, 2, 2)})}),
                          collection(5, {line({{1, 1}, {2, 2}})}), collection(4, {point({3, 4})})}));
  ASSERT_EQ(footprint.parts.size(), 4);
  EXPECT_EQ(footprint.parts[1].kind, Footprint::Kind::kPolygon);
  EXPECT_EQ(footprint.parts[1].path_count, 2);
  EXPECT_EQ(footprint.parts[2].kind, Footprint::Kind::kLine);
  EXPECT_EQ(footprint.path(footprint.parts[3].first_path)[0], (LonLat{3, 4}));
}

TEST(ReadWkb, BringsFarLongitudesNear) {
  EXPECT_EQ(read(point({540, 5})).vertices, (Points{{540, 5}}));
  EXPECT_EQ(read(point({3601, 5})).vertices, (Points{{1, 5}}));
  EXPECT_LE(std::abs(read(point({1e300, 5})).vertices[0].lon), 180);
}

TEST(ReadWkb, RefusesWhatIsNoGeometry) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  std::string nested = point({1, 2});
  for (int i = 0; i < 100; ++i) nested = collection(7, {nested});
  std::string huge = header(2);
  append(huge, std::uint32_t{0xffffffff});
  for (const auto& wkb : {std::string(), bytes({1}), bytes({2, 1, 0, 0, 0}), header(1), header(0), header(8),
                          header(4001), header(0x80000001), point({1, 2}) + "x", point({1, 2}).substr(0, 20),
                          point({infinity, 2}), point({nan, 2}), point({1, 90.001}), point({1, -95}),
                          line({{0, 0}, {nan, nan}}), collection(4, {line({{0, 0}, {1, 1}})}), nested, huge}) {
    Footprint footprint;
    const auto status = read_wkb(wkb, footprint);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidData);
    EXPECT_TRUE(footprint.vertices.empty());
  }
}

RC_GTEST_PROP(ReadWkb, EveryPrefixOfAGeometryIsRefused, ()) {
  const auto whole = collection(7, {point({1, 2}), polygon(box(0, 0, 9, 9)), line({{1, 1}, {2, 2}})});
  const auto length = *rc::gen::inRange<std::size_t>(0, whole.size());
  Footprint footprint;
  RC_ASSERT(!read_wkb(std::string_view(whole).substr(0, length), footprint));
}

LonCourse course_of(const Points& path) {
  LonCourse course;
  trace_longitudes(path, course);
  return course;
}

TEST(Longitudes, EdgesBeyond180DegreesGoTheShortWay) {
  EXPECT_EQ(course_of({{0, 0}, {180, 0}}).steps, std::vector<double>{180});
  EXPECT_EQ(course_of({{0, 0}, {-180, 0}}).steps, std::vector<double>{-180});
  EXPECT_EQ(course_of({{0, 0}, {181, 0}}).steps, std::vector<double>{-179});
  EXPECT_EQ(course_of({{170, 0}, {-170, 0}, {170, 0}}).steps, (std::vector<double>{20, -20}));
}

TEST(Longitudes, AnEdgeOf360DegreesIsAWholeTurn) {
  const std::vector<Points> belts{
      box(-180, 10, 180, 20),
      {{-180, -60}, {180, -60}, {180, 60}, {0, 60}, {-180, 60}},
      {{-180, -60}, {180, -60}, {180, 60}, {90, 60}, {-180, 60}},
      {{-180, -60}, {180, -60}, {179, 0}, {180, 60}, {-180, 60}, {-181, 0}},
      {{-180, -60}, {180, -60}, {0, 60}},
      {{-180, -60}, {180, -50}, {180, 60}, {-180, 50}},
  };
  for (const auto& belt : belts) {
    const auto course = course_of(closed(belt));
    EXPECT_TRUE(course.full_circle);
    EXPECT_EQ(course.winding, 0);
  }
  EXPECT_EQ(course_of({{-180, 5}, {180, 5}}).steps, std::vector<double>{360});
}

TEST(Longitudes, BothNamesOfTheAntimeridianAreOneMeridian) {
  const std::vector<Points> boxes{
      {{170, 0}, {180, 0}, {-180, 0}, {-170, 0}, {-170, 9}, {-180, 9}, {180, 9}, {170, 9}},      // flat
      {{170, 0}, {180, 1}, {-180, 1}, {-170, 2}, {-170, 9}, {-180, 8}, {180, 8}, {170, 7}},      // rising
      {{170, 1}, {180, 0}, {-180, 0}, {-170, 1}, {-170, 11}, {-180, 10}, {180, 10}, {170, 11}},  // with a tip
      {{170, 0}, {180, 0}, {-180, 9}, {170, 9}},  // a side on the antimeridian under both names
  };
  for (const auto& box : boxes) {
    const auto course = course_of(closed(box));
    EXPECT_FALSE(course.full_circle);
    EXPECT_EQ(course.winding, 0);
  }
  EXPECT_FALSE(course_of({{179, 0}, {180, 0}, {-180, 0}, {-179, 0}, {179, 0}}).full_circle);
  EXPECT_EQ(course_of({{170, 0}, {180, 0}, {-180, 0}, {-170, 0}}).steps, (std::vector<double>{10, 0, 10}));
  // A ring round the pole that names both.
  EXPECT_EQ(course_of({{-180, 60}, {-60, 60}, {60, 60}, {180, 60}, {-180, 60}}).winding, 1);
  EXPECT_EQ(course_of({{-180, 60}, {-60, 65}, {60, 55}, {180, 60}, {-180, 60}}).winding, 1);
}

TEST(Longitudes, RingsRoundAPoleWind) {
  const Points ring{{0, 60}, {120, 60}, {-120, 60}, {0, 60}};
  EXPECT_EQ(course_of(ring).winding, 1);
  EXPECT_EQ(course_of(Points(ring.rbegin(), ring.rend())).winding, -1);
  EXPECT_TRUE(encloses_north_pole(ring, course_of(ring)));
  const Points equator{{0, 0}, {120, 0}, {-120, 0}, {0, 0}}, back(equator.rbegin(), equator.rend());
  EXPECT_TRUE(encloses_north_pole(equator, course_of(equator)));
  EXPECT_FALSE(encloses_north_pole(back, course_of(back)));
}

}  // namespace
}  // namespace earthcatalog::grid::testing
