#include "earthcatalog/generate/footprint.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::generate {
namespace {

using Ring = std::vector<Position>;

constexpr double kKmPerDegree = 111.2;
constexpr double kMaxHalfSideKm = 55;
constexpr double kMaxTurn = 0.35;  // radians

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

double km_per_degree_of_longitude(double lat) { return kKmPerDegree * std::max(0.05, std::cos(radians(lat))); }

double four_decimals(double value) { return std::round(value * 1e4) / 1e4; }

// Corners and three points on each side, counterclockwise, closed. Longitudes may pass 180.
Ring make_square(Random& random, Position center) {
  const double half_km = kMaxHalfSideKm * random.uniform(0.82, 1.0);
  const double turn = random.uniform(-kMaxTurn, kMaxTurn);
  constexpr Position kCorners[] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
  Ring ring;
  for (int side = 0; side < 4; ++side) {
    const Position from = kCorners[side];
    const Position to = kCorners[(side + 1) % 4];
    for (int step = 0; step < 4; ++step) {
      const double x = from.lon + (to.lon - from.lon) * step / 4;
      const double y = from.lat + (to.lat - from.lat) * step / 4;
      const double north_km = (x * std::sin(turn) + y * std::cos(turn)) * half_km;
      const double east_km = (x * std::cos(turn) - y * std::sin(turn)) * half_km;
      const double lat = std::clamp(center.lat + north_km / kKmPerDegree, -89.9, 89.9);
      ring.push_back({four_decimals(center.lon + east_km / km_per_degree_of_longitude(lat)), four_decimals(lat)});
    }
  }
  ring.push_back(ring.front());
  return ring;
}

std::vector<double> bbox_of(const Ring& ring) {
  const auto [west, east] = std::ranges::minmax(ring, {}, &Position::lon);
  const auto [south, north] = std::ranges::minmax(ring, {}, &Position::lat);
  return {west.lon, south.lat, east.lon, north.lat};
}

// The part of a convex ring with sign * (lon - 180) <= 0, closed.
Ring clip_at_180(const Ring& ring, double sign) {
  Ring out;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    const Position a = ring[i];
    const Position b = ring[i + 1];
    const bool a_in = sign * (a.lon - 180) <= 0;
    const bool b_in = sign * (b.lon - 180) <= 0;
    if (a_in) out.push_back(a);
    if (a_in != b_in) out.push_back({180, four_decimals(a.lat + (b.lat - a.lat) * (180 - a.lon) / (b.lon - a.lon))});
  }
  if (!out.empty()) out.push_back(out.front());
  return out;
}

Geometry over_antimeridian(const Ring& ring, Oddity oddity) {
  Geometry geometry{.type = Geometry::Type::kPolygon, .rings = {ring}, .height = {}, .bbox = bbox_of(ring)};
  if (oddity == Oddity::kAntimeridianBeyond) return geometry;
  geometry.bbox[2] = four_decimals(geometry.bbox[2] - 360);
  const auto to_west = [](Ring& shifted, double from) {
    for (Position& position : shifted) {
      if (position.lon >= from) position.lon = four_decimals(position.lon - 360);
    }
  };
  if (oddity == Oddity::kAntimeridianWrapped) {
    to_west(geometry.rings[0], 180.00005);
    return geometry;
  }
  geometry.type = Geometry::Type::kMultiPolygon;
  geometry.rings = {clip_at_180(ring, 1), clip_at_180(ring, -1)};
  to_west(geometry.rings[1], 180);
  return geometry;
}

Geometry round_the_pole(double lat) {
  Ring ring;
  for (int i = 0; i < 16; ++i) ring.push_back({180 - 22.5 * i, four_decimals(lat)});
  ring.push_back(ring.front());
  return {
      .type = Geometry::Type::kPolygon, .rings = {ring}, .height = {}, .bbox = {-180, -90, 180, four_decimals(lat)}};
}

}  // namespace

double reach_degrees(double lat) {
  const double reach_km = kMaxHalfSideKm * std::numbers::sqrt2;
  const double poleward = std::min(89.9, std::abs(lat) + reach_km / kKmPerDegree);
  return reach_km / km_per_degree_of_longitude(poleward);
}

Geometry make_footprint(Random& random, Position center) {
  const Ring ring = make_square(random, center);
  return {.type = Geometry::Type::kPolygon, .rings = {ring}, .height = {}, .bbox = bbox_of(ring)};
}

Geometry make_odd_footprint(Random& random, Position center, Oddity oddity) {
  switch (oddity) {
    case Oddity::kAntimeridianSplit:
    case Oddity::kAntimeridianBeyond:
    case Oddity::kAntimeridianWrapped:
      return over_antimeridian(make_square(random, {180 + random.uniform(-0.3, 0.3), center.lat}), oddity);
    case Oddity::kPole:
      return round_the_pole(random.uniform(-89, -86));
    case Oddity::kNullGeometry:
      return {.type = Geometry::Type::kNone, .rings = {}, .height = {}, .bbox = {}};
    case Oddity::kPoint: {
      const Position point{four_decimals(center.lon), four_decimals(center.lat)};
      return {.type = Geometry::Type::kPoint, .rings = {{point}}, .height = {}, .bbox = bbox_of({point})};
    }
    default: {
      Geometry geometry = make_footprint(random, center);
      if (oddity == Oddity::kThreeD) {
        constexpr double kHeight = 1200.5;
        const auto box = geometry.bbox;
        geometry.height = kHeight;
        geometry.bbox = {box[0], box[1], kHeight, box[2], box[3], kHeight};
      }
      return geometry;
    }
  }
}

}  // namespace earthcatalog::generate
