// Footprints with edges of 180 and 360 degrees, and the same with more vertices on them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "grid/cover_helper.h"
#include "grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

double uniform(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

/// From each first vertex, in both directions.
std::vector<Points> spellings(const Points& open_ring) {
  std::vector<Points> all;
  for (std::size_t first = 0; first < open_ring.size(); ++first) {
    Points ring = open_ring;
    std::ranges::rotate(ring, ring.begin() + static_cast<std::ptrdiff_t>(first));
    all.push_back(ring);
    std::ranges::reverse(ring);
    all.push_back(std::move(ring));
  }
  return all;
}

/// Which of these longitudes are vertices, by the bits of `subset`.
std::vector<double> chosen(const std::vector<double>& lons, unsigned subset) {
  std::vector<double> some;
  for (std::size_t i = 0; i < lons.size(); ++i) {
    if ((subset >> i & 1U) != 0) some.push_back(lons[i]);
  }
  return some;
}

/// The box -180 ... 180 with more vertices on its southern and northern edge and, perhaps, on its sides.
Points belt(double south, double north, const std::vector<double>& below, std::vector<double> above, bool on_sides) {
  Points ring{{-180, south}};
  for (const double lon : below) ring.push_back({lon, south});
  ring.push_back({180, south});
  if (on_sides) ring.push_back({180, (south + north) / 2});
  ring.push_back({180, north});
  std::ranges::reverse(above);
  for (const double lon : above) ring.push_back({lon, north});
  ring.push_back({-180, north});
  if (on_sides) ring.push_back({-180, (south + north) / 2});
  return ring;
}

/// Whether the ring's longitudes can be read in one way only: an edge between 180 and 360 degrees goes the short way,
/// unless an edge of 360 says that the ring is not wrapped.
bool is_clear(const Points& open_ring) {
  bool turns = false, wraps = false;
  for (std::size_t i = 0; i < open_ring.size(); ++i) {
    const double step = std::abs(open_ring[(i + 1) % open_ring.size()].lon - open_ring[i].lon);
    turns |= step == 360;
    wraps |= step > 180 && step < 360;
  }
  return turns || !wraps;
}

class H3Belts : public ::testing::TestWithParam<std::pair<double, double>> {
 protected:
  Coverers coverers_;
};
INSTANTIATE_TEST_SUITE_P(Latitudes, H3Belts,
                         ::testing::Values(std::pair{-60.0, 60.0}, std::pair{-90.0, 90.0}, std::pair{-90.0, -30.0},
                                           std::pair{50.0, 90.0}, std::pair{10.0, 20.0}));

TEST_P(H3Belts, VerticesOnTheirEdgesChangeNothing) {
  const auto [south, north] = GetParam();
  const std::vector<double> lons{-90, 0, 90};
  for (const int resolution : {0, 1}) {
    const Cells plain = coverers_.cover(polygon(box(-180, south, 180, north)), resolution);
    Shape shape;
    shape.rings = {closed(box(-180, south, 180, north))};
    shape.contains = [&](LonLat p) { return contains_in_plane(shape.rings, p); };
    std::mt19937_64 random(1);
    ASSERT_EQ(sampled_cells(shape, resolution, resolution == 0 ? 40'000 : 200'000, random), plain);
    for (unsigned subset = 0; subset < 128; ++subset) {
      const Points ring =
          belt(south, north, chosen(lons, subset & 7U), chosen(lons, subset >> 3 & 7U), (subset & 64U) != 0);
      if (!is_clear(ring)) continue;
      if (resolution == 1 && subset % 7 != 0) continue;
      for (const auto& spelled : spellings(ring)) {
        Shape said;
        said.rings = {closed(spelled)};
        ASSERT_EQ(coverers_.cover(polygon(spelled), resolution), plain) << said.describe();
      }
    }
  }
}

/// A belt whose sides are not straight, with vertices anywhere on both edges.
Shape random_belt(std::mt19937_64& random) {
  const auto whole = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const double west = whole(0, 1) == 0 ? -180 : uniform(random, -360, 0);
  const double south = uniform(random, -85, 60), north = uniform(random, south + 2, 89);
  // One edge is a turn, so that the other may have vertices anywhere.
  const bool turn_below = whole(0, 1) == 0;
  std::vector<double> lons;
  for (int i = whole(0, 4); i > 0; --i) lons.push_back(std::round(uniform(random, 1, 359)) + west);
  std::ranges::sort(lons);
  Points ring{{west, south}};
  if (!turn_below) {
    for (const double lon : lons) ring.push_back({lon, south});
  }
  ring.push_back({west + 360, south});
  const double bulge = whole(0, 2) == 0 ? uniform(random, -20, 20) : 0;
  if (bulge != 0) ring.push_back({west + 360 + bulge, (south + north) / 2});
  ring.push_back({west + 360, north});
  if (turn_below) {
    for (auto lon = lons.rbegin(); lon != lons.rend(); ++lon) ring.push_back({*lon, north});
  }
  ring.push_back({west, north});
  if (bulge != 0) ring.push_back({west + bulge, (south + north) / 2});
  Shape shape;
  shape.rings = {closed(ring)};
  shape.contains = [rings = shape.rings](LonLat p) { return contains_in_plane(rings, p); };
  return shape;
}

/// A box of 180 degrees with vertices anywhere on its edges: from its first longitude eastwards.
Shape random_half(std::mt19937_64& random) {
  const double west = std::round(uniform(random, -180, 180));
  const double south = std::round(uniform(random, -85, 60)), north = std::round(uniform(random, south + 2, 89));
  Points ring{{west, south}, {west + 180, south}};
  if (std::uniform_int_distribution<int>(0, 1)(random) == 0) {
    ring.push_back({west + 180, (south + north) / 2});
  }
  ring.push_back({west + 180, north});
  const double lon = std::round(uniform(random, 0, 180));
  if (lon > 0 && lon < 180) ring.push_back({west + lon, north});
  ring.push_back({west, north});
  Shape shape;
  shape.rings = {closed(ring)};
  shape.contains = [rings = shape.rings](LonLat p) { return contains_in_plane(rings, p); };
  return shape;
}

void expect_all_spellings_exact(Coverers& coverers, const Shape& shape, int resolution, std::mt19937_64& random) {
  const Cells cover = coverers.cover(polygon(shape.rings), resolution);
  expect_exact(shape, cover, resolution, 3000, random);
  if (::testing::Test::HasFatalFailure()) return;
  const Points open(shape.rings[0].begin(), shape.rings[0].end() - 1);
  for (const auto& spelled : spellings(open)) {
    ASSERT_EQ(coverers.cover(polygon(spelled), resolution), cover) << shape.describe();
  }
}

TEST(H3Turns, RandomBeltsHaveExactlyTheCellsThatSamplesFind) {
  Coverers coverers;
  std::mt19937_64 random(11);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    expect_all_spellings_exact(coverers, random_belt(random), i % 3, random);
    if (HasFatalFailure()) return;
  }
}

TEST(H3Turns, RandomHalvesHaveExactlyTheCellsThatSamplesFind) {
  Coverers coverers;
  std::mt19937_64 random(12);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    expect_all_spellings_exact(coverers, random_half(random), i % 3, random);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace earthcatalog::grid::testing
