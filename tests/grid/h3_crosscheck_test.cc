// H3's own cover draws cell edges straight in lon/lat: where it differs from ours, latLngToCell shows that it errs.
#include <gtest/gtest.h>

#include <cmath>

#include "grid/cover_helper.h"
#include "grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

Cells h3_cover(const Points& closed_ring, int resolution) {
  std::vector<LatLng> ring;
  for (std::size_t i = 0; i + 1 < closed_ring.size(); ++i) {
    ring.push_back({degsToRads(closed_ring[i].lat), degsToRads(normal_lon(closed_ring[i].lon))});
  }
  const GeoPolygon polygon{{static_cast<int>(ring.size()), ring.data()}, 0, nullptr};
  std::int64_t size = 0;
  EXPECT_EQ(maxPolygonToCellsSizeExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, &size), E_SUCCESS);
  std::vector<H3Index> cells(static_cast<std::size_t>(size));
  EXPECT_EQ(polygonToCellsExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, size, cells.data()), E_SUCCESS);
  Cells found(cells.begin(), cells.end());
  found.erase(0);
  return found;
}

/// A turned square of some 100 km, where H3's edges are off the farthest: near the poles, but not round them.
Shape scene(std::mt19937_64& random) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const LonLat center{uniform(-165, 165), (uniform(0, 1) < 0.5 ? 1 : -1) * uniform(50, 82)};
  const double turn = uniform(0, 1.5), wide = 1 / std::cos(center.lat * kRadiansPerDegree);
  Points ring;
  for (int i = 0; i < 4; ++i) {
    const double angle = turn + i * std::numbers::pi / 2;
    ring.push_back({center.lon + 0.7 * wide * std::cos(angle), center.lat + 0.7 * std::sin(angle)});
  }
  Shape shape;
  shape.rings = {closed(ring)};
  shape.contains = [rings = shape.rings](LonLat p) { return contains_in_plane(rings, p); };
  return shape;
}

TEST(H3CrossCheck, DifferencesFromH3AreItsSlivers) {
  Coverers coverers;
  std::mt19937_64 random(8);
  int same = 0, different = 0;
  for (int i = 0; i < 1500; ++i) {
    const int resolution = 1 + i % 2;
    const Shape shape = scene(random);
    const Cells ours = coverers.cover(polygon(shape.rings), resolution);
    const Cells theirs = h3_cover(shape.rings[0], resolution);
    const Cells sampled = sampled_cells(shape, resolution, 1000, random);
    (ours == theirs ? same : different) += 1;
    for (const auto cell : theirs) {
      if (ours.contains(cell)) continue;
      EXPECT_FALSE(sampled.contains(cell)) << shape.describe();
      EXPECT_GT(distance_deg(shape, cell, 300), kToleranceDeg) << std::hex << cell << ' ' << shape.describe();
    }
    for (const auto cell : ours) {
      if (theirs.contains(cell) || sampled.contains(cell)) continue;
      EXPECT_LE(distance_deg(shape, cell, 300), kToleranceDeg) << std::hex << cell << ' ' << shape.describe();
    }
  }
  // Were the two never the same, or always, this test would show nothing.
  EXPECT_GT(same, 1000);
  EXPECT_GT(different, 10);
}

}  // namespace
}  // namespace earthcatalog::grid::testing
