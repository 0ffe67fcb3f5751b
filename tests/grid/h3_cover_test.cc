// Covers of footprints that are odd in a known way.
#include "earthcatalog/grid/h3_cover.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <limits>
#include <numbers>

#include "grid/cover_helper.h"
#include "grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

class H3Cover : public ::testing::Test {
 protected:
  Cells cover(std::string_view wkb, int resolution) { return coverers_.cover(wkb, resolution); }
  static Status status(std::string_view wkb, int resolution) {
    std::vector<Cell> cells;
    return make_h3_coverer(resolution)->cover(wkb, cells);
  }

 private:
  Coverers coverers_;
};

TEST_F(H3Cover, EmptyGeometriesTouchNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& wkb : {point({nan, nan}), line({}), polygon(std::vector<Points>{}), polygon(Points{}),
                          collection(4, {}), collection(7, {collection(6, {}), line({})})}) {
    EXPECT_EQ(cover(wkb, 1), Cells{kNoCell});
  }
}

TEST_F(H3Cover, IgnoresEmptyMembers) {
  const auto there = point({10, 50});
  EXPECT_EQ(cover(collection(7, {line({}), there, polygon(Points{})}), 3), cover(there, 3));
}

TEST_F(H3Cover, ACollectionTouchesWhatItsMembersTouch) {
  const auto a = polygon(box(10, 50, 12, 51)), b = line({{-70, -40}, {-60, -41}}), c = point({100, 0});
  Cells all = cover(a, 3);
  all.merge(cover(b, 3));
  all.merge(cover(c, 3));
  EXPECT_EQ(cover(collection(7, {a, collection(7, {b, c})}), 3), all);
}

TEST_F(H3Cover, LineWithoutLengthIsAPoint) {
  for (const LonLat p : {LonLat{0, 0}, LonLat{-33.3, 81.2}, LonLat{180, 12}, boundary_of(cell_at({10, 50}, 4))[0]}) {
    const Cells expected{cell_at(p, 4)};
    EXPECT_EQ(cover(line({p}), 4), expected);
    EXPECT_EQ(cover(line({p, p, p}), 4), expected);
    EXPECT_EQ(cover(polygon(Points{p, p, p, p}), 4), expected);
  }
}

TEST_F(H3Cover, RingWithoutAreaIsALine) {
  EXPECT_EQ(cover(polygon(Points{{10, 50}, {14, 53}, {10, 50}}), 3), cover(line({{10, 50}, {14, 53}}), 3));
}

TEST_F(H3Cover, IgnoresDoubledVertices) {
  const Points ring{{10, 50}, {14, 50}, {14, 53}, {10, 53}};
  Points doubled;
  for (const auto& p : ring) doubled.insert(doubled.end(), 3, p);
  EXPECT_EQ(cover(polygon(doubled), 4), cover(polygon(ring), 4));
}

TEST_F(H3Cover, AnUnclosedRingIsClosed) {
  std::string unclosed = header(3);
  append(unclosed, std::uint32_t{1});
  append_points(unclosed, box(10, 50, 14, 53));
  EXPECT_EQ(cover(unclosed, 4), cover(polygon(box(10, 50, 14, 53)), 4));
}

TEST_F(H3Cover, ACrossedRingIsFilledByTheEvenOddRule) {
  // A square walked twice encloses nothing; a bow tie encloses both of its halves.
  const Points once = box(10, 40, 30, 55);
  Points twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  EXPECT_EQ(cover(polygon(twice), 3), cover(line(closed(once)), 3));
  const Points tie{{10, 40}, {30, 55}, {30, 40}, {10, 55}};
  const auto found = cover(polygon(tie), 3);
  EXPECT_TRUE(found.contains(cell_at({12, 47.5}, 3)));
  EXPECT_TRUE(found.contains(cell_at({28, 47.5}, 3)));
  EXPECT_FALSE(found.contains(cell_at({20, 41}, 3)));
}

TEST_F(H3Cover, HolesCountOnlyWhenACellFitsInside) {
  const auto cell = cell_at({20, 47}, 3);
  const auto center = center_of(cell);
  const Points outer = box(10, 40, 30, 55);
  const auto hole = [&](double half) {
    return box(center.lon - half, center.lat - half, center.lon + half, center.lat + half);
  };
  EXPECT_TRUE(cover(polygon({outer, hole(0.1)}), 3).contains(cell));
  EXPECT_FALSE(cover(polygon({outer, hole(3)}), 3).contains(cell));
}

TEST_F(H3Cover, ThreeSpellingsOverTheAntimeridian) {
  for (const int resolution : {0, 1, 2, 3, 4}) {
    for (const double south : {-89.9, -60.0, -3.0, 12.0, 75.0}) {
      const double north = south + 6.5;
      const auto past = cover(polygon(box(174, south, 189, north)), resolution);
      EXPECT_EQ(past, cover(polygon(box(174 - 360, south, 189 - 360, north)), resolution));
      EXPECT_EQ(past, cover(polygon(Points{{174, south}, {-171, south}, {-171, north}, {174, north}}), resolution));
      EXPECT_EQ(past, cover(polygon(Points{{174, south},
                                           {180, south},
                                           {-180, south},
                                           {-171, south},
                                           {-171, north},
                                           {-180, north},
                                           {180, north},
                                           {174, north}}),
                            resolution));
      EXPECT_EQ(past,
                cover(collection(6, {polygon(box(174, south, 180, north)), polygon(box(-180, south, -171, north))}),
                      resolution));
    }
  }
}

TEST_F(H3Cover, ALineGoesTheShortWay) {
  const auto wrapped = cover(line({{170, 5}, {-170, 8}}), 2);
  EXPECT_EQ(wrapped, cover(line({{170, 5}, {190, 8}}), 2));
  EXPECT_FALSE(wrapped.contains(cell_at({0, 6.5}, 2)));
}

TEST_F(H3Cover, RingsRoundAPole) {
  for (const int resolution : {0, 1, 2, 3}) {
    for (const double sign : {1.0, -1.0}) {
      const Points cap{{-180, sign * 70}, {-90, sign * 70}, {0, sign * 70}, {90, sign * 70}};
      const auto expected = cover(polygon(cap), resolution);
      EXPECT_TRUE(expected.contains(cell_at({0, sign * 90}, resolution)));
      EXPECT_TRUE(expected.contains(cell_at({33, sign * 80}, resolution)));
      EXPECT_FALSE(expected.contains(cell_at({33, sign * 40}, resolution)));
      EXPECT_FALSE(expected.contains(cell_at({33, sign * -80}, resolution)));
      EXPECT_EQ(expected, cover(polygon(Points(cap.rbegin(), cap.rend())), resolution));
      EXPECT_EQ(
          expected,
          cover(polygon(Points{{-180, sign * 70}, {180, sign * 70}, {180, sign * 90}, {-180, sign * 90}}), resolution));
      EXPECT_EQ(expected,
                cover(polygon(Points{
                          {-180, sign * 70}, {0, sign * 70}, {180, sign * 70}, {180, sign * 90}, {-180, sign * 90}}),
                      resolution));
      EXPECT_EQ(expected, cover(polygon(Points{{0, sign * 70}, {120, sign * 70}, {240, sign * 70}, {360, sign * 70}}),
                                resolution));
    }
  }
}

TEST_F(H3Cover, AHoleRoundAPole) {
  const Points outer{{0, 40}, {120, 40}, {240, 40}}, hole{{50, 80}, {-70, 80}, {170, 80}};
  const auto found = cover(polygon({outer, hole}), 3);
  EXPECT_FALSE(found.contains(cell_at({0, 90}, 3)));
  EXPECT_TRUE(found.contains(cell_at({0, 60}, 3)));
  EXPECT_FALSE(found.contains(cell_at({0, 30}, 3)));
}

TEST_F(H3Cover, LatitudeNinetyIsOnePoint) {
  for (const double pole : {90.0, -90.0}) {
    for (const int resolution : {0, 3, 7}) {
      EXPECT_EQ(cover(line({{-120, pole}, {10, pole}, {77, pole}}), resolution), Cells{cell_at({0, pole}, resolution)});
      EXPECT_EQ(cover(point({123, pole}), resolution), Cells{cell_at({0, pole}, resolution)});
    }
    EXPECT_TRUE(cover(polygon(box(20, std::min(pole, pole * 0.9), 50, std::max(pole, pole * 0.9))), 3)
                    .contains(cell_at({0, pole}, 3)));
  }
}

TEST_F(H3Cover, ABoxOfTheWholeWorldTouchesEveryCell) {
  const std::size_t counts[] = {122, 842, 5882, 41162};
  for (int resolution = 0; resolution <= 3; ++resolution) {
    const auto all = cover(polygon(box(-180, -90, 180, 90)), resolution);
    EXPECT_EQ(all.size(), counts[resolution]);
    EXPECT_EQ(all, cover(polygon(box(0, -90, 360, 90)), resolution));
    EXPECT_EQ(all,
              cover(polygon(Points{
                        {-180, -90}, {-60, -90}, {60, -90}, {180, -90}, {180, 90}, {60, 90}, {-60, 90}, {-180, 90}}),
                    resolution));
  }
}

TEST_F(H3Cover, ABeltOfTheWholeTurn) {
  const auto belt = cover(polygon(box(-180, -10, 180, 10)), 2);
  for (double lon = -179; lon < 180; lon += 7) {
    EXPECT_TRUE(belt.contains(cell_at({lon, 0}, 2)));
    EXPECT_FALSE(belt.contains(cell_at({lon, 20}, 2)));
    EXPECT_FALSE(belt.contains(cell_at({lon, -20}, 2)));
  }
}

TEST_F(H3Cover, LinesAlongMeridiansAndParallels) {
  std::mt19937_64 random(6);
  for (const auto& path : {Points{{0, -90}, {0, 90}}, Points{{180, -90}, {180, 90}}, Points{{-36, -90}, {-36, 90}},
                           Points{{-90, 0}, {90, 0}}, Points{{0, 60}, {170, 60}}, Points{{10, 89.9}, {180, 89.9}}}) {
    for (const int resolution : {0, 1, 2}) {
      Shape shape;
      shape.rings = {path};
      const auto found = cover(line(path), resolution);
      for (const auto cell : sampled_cells(shape, resolution, 5'000, random)) EXPECT_TRUE(found.contains(cell));
      for (const auto cell : found) EXPECT_LE(distance_deg(shape, cell, 1000), kToleranceDeg);
    }
  }
}

TEST_F(H3Cover, TooManyCellsAreRefused) {
  for (const auto& wkb : {polygon(box(-180, -90, 180, 90)), line({{0, 0}, {170, 60}})}) {
    const auto refused = status(wkb, wkb.size() > 60 ? 4 : 12);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
    EXPECT_NE(refused.error().message.find("coarser"), std::string::npos);
  }
}

TEST_F(H3Cover, CoversAfterARefusalAreRight) {
  const auto coverer = make_h3_coverer(12);
  std::vector<Cell> cells;
  EXPECT_FALSE(coverer->cover(line({{0, 0}, {170, 60}}), cells));
  ASSERT_TRUE(coverer->cover(polygon(box(10, 50, 10.001, 50.001)), cells));
  EXPECT_EQ(Cells(cells.begin(), cells.end()), cover(polygon(box(10, 50, 10.001, 50.001)), 12));
}

/// Seconds of this processor's time.
double seconds(const std::string& wkb, int resolution) {
  const auto coverer = make_h3_coverer(resolution);
  std::vector<Cell> cells;
  const auto begin = std::clock();
  static_cast<void>(coverer->cover(wkb, cells));
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST_F(H3Cover, AHundredThousandVerticesTakeNoSeconds) {
  constexpr int kVertices = 100'000;
  Points circle, zigzag, comb;
  for (int i = 0; i < kVertices; ++i) {
    const double angle = 2 * std::numbers::pi * i / kVertices;
    circle.push_back({-45 + 10 * std::cos(angle), 70 + 5 * std::sin(angle)});
    zigzag.push_back({i % 2 == 0 ? -60.0 : 60.0, -50 + 100.0 * i / kVertices});
    comb.push_back({-20 + 40.0 * i / kVertices, i % 4 < 2 ? 40.0 : 41.0});
  }
  for (const auto* ring : {&circle, &zigzag, &comb}) {
    for (const int resolution : {0, 1, 3, 5}) EXPECT_LT(seconds(polygon(*ring), resolution), 4) << resolution;
  }
}

}  // namespace
}  // namespace earthcatalog::grid::testing
