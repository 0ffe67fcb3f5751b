#include "grid/shapes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::grid::testing {
namespace {

double uniform(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

int whole(std::mt19937_64& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

LonLat random_center(int resolution, std::mt19937_64& random) {
  const double lat = std::asin(uniform(random, -1, 1)) * 180 / std::numbers::pi;
  switch (whole(random, 0, 5)) {
    case 0:
      return {uniform(random, -180, 180), (whole(random, 0, 1) ? 1 : -1) * (90 - std::exp(uniform(random, -5, 3)))};
    case 1:
      return {180 + uniform(random, -3, 3), lat};
    case 2: {
      std::array<H3Index, 12> pentagons;
      getPentagons(resolution, pentagons.data());
      return center_of(pentagons[static_cast<std::size_t>(whole(random, 0, 11))]);
    }
    default:
      return {uniform(random, -180, 180), lat};
  }
}

Points star(LonLat center, double radius, std::mt19937_64& random) {
  const int n = whole(random, 3, 24);
  const double squeeze = std::max(std::cos(center.lat * std::numbers::pi / 180), radius / 85);
  const double phase = uniform(random, 0, 6.28);
  Points ring;
  for (int i = 0; i < n; ++i) {
    const double angle = phase + 2 * std::numbers::pi * i / n, r = radius * uniform(random, 0.3, 1);
    ring.push_back({center.lon + std::min(85.0, r / squeeze) * std::cos(angle),
                    std::clamp(center.lat + r * std::sin(angle), -90.0, 90.0)});
  }
  return closed(ring);
}

}  // namespace

Shape random_polygon(int resolution, std::mt19937_64& random) {
  double edge_km = 0;
  getHexagonEdgeLengthAvgKm(resolution, &edge_km);
  const double edge = edge_km / 111;
  const double radius = std::min(80.0, edge * std::exp(uniform(random, std::log(0.02), std::log(12))));
  const LonLat center = random_center(resolution, random);
  std::vector<Points> rings{star(center, radius, random)};
  if (whole(random, 0, 3) == 0) {
    // Inside the outer ring, whose radius is nowhere under 0.3.
    Points hole;
    const double share = uniform(random, 0.02, 0.1);
    for (const auto& p : rings[0]) {
      hole.push_back({center.lon + share * (p.lon - center.lon), center.lat + share * (p.lat - center.lat)});
    }
    rings.push_back(hole);
  }
  Shape shape;
  shape.rings = rings;
  shape.contains = [rings](LonLat p) { return contains_in_plane(rings, p); };
  return shape;
}

Shape random_polar_ring(std::mt19937_64& random) {
  const bool north = whole(random, 0, 1) == 1;
  const double middle = uniform(random, 20, 89), wiggle = std::min(middle, 90 - middle) * uniform(random, 0, 0.9);
  const int n = whole(random, 3, 40);
  const double first = uniform(random, -180, 180);
  Points ring;
  for (int i = 0; i < n; ++i) {
    const double lat = middle + uniform(random, -wiggle, wiggle);
    ring.push_back({first + 360.0 * i / n, north ? lat : -lat});
  }
  ring.push_back({first + 360, ring[0].lat});
  Shape shape;
  shape.rings = {ring};
  shape.contains = [ring, north](LonLat p) {
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      for (const double lon : {p.lon - 360, p.lon, p.lon + 360, p.lon + 720}) {
        if (lon < ring[i].lon || lon >= ring[i + 1].lon) continue;
        const double share = (lon - ring[i].lon) / (ring[i + 1].lon - ring[i].lon);
        const double lat = ring[i].lat + share * (ring[i + 1].lat - ring[i].lat);
        return north ? p.lat > lat : p.lat < lat;
      }
    }
    return false;
  };
  return shape;
}

Points respell(const Points& closed_ring, std::mt19937_64& random) {
  Points ring(closed_ring.begin(), closed_ring.end() - 1);
  std::ranges::rotate(ring, ring.begin() + whole(random, 0, static_cast<int>(ring.size()) - 1));
  if (whole(random, 0, 1)) std::ranges::reverse(ring);
  const int spelling = whole(random, 0, 2);
  for (auto& p : ring) {
    if (spelling == 1) p.lon = normal_lon(p.lon);
    if (spelling == 2) p.lon += 360;
  }
  return closed(ring);
}

}  // namespace earthcatalog::grid::testing
