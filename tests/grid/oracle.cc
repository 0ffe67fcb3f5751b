#include "grid/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace earthcatalog::grid::testing {
namespace {

using Real = long double;
constexpr Real kRadians = std::numbers::pi_v<Real> / 180;

struct V {
  Real x, y, z;
};
Real dot(const V& a, const V& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
V cross(const V& a, const V& b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
Real norm(const V& a) { return std::sqrt(dot(a, a)); }
Real angle(const V& a, const V& b) { return std::atan2(norm(cross(a, b)), dot(a, b)); }
V vec(Real lon, Real lat) {
  return {std::cos(lat * kRadians) * std::cos(lon * kRadians), std::cos(lat * kRadians) * std::sin(lon * kRadians),
          std::sin(lat * kRadians)};
}

Real distance_to_arc(const V& p, const V& a, const V& b) {
  const V n = cross(a, b);
  if (dot(cross(n, a), p) >= 0 && dot(cross(b, n), p) >= 0) return std::abs(std::asin(dot(n, p) / norm(n)));
  return std::min(angle(p, a), angle(p, b));
}

/// The distance, in degrees, of a point from a cell.
class CellDistance {
 public:
  explicit CellDistance(H3Index cell) : cell_(cell), resolution_(getResolution(cell)) {
    CellBoundary boundary;
    cellToBoundary(cell, &boundary);
    for (int i = 0; i < boundary.numVerts; ++i) {
      corners_.push_back(vec(boundary.verts[i].lng / kRadians, boundary.verts[i].lat / kRadians));
    }
  }
  Real operator()(Real lon, Real lat) const {
    if (cell_at({static_cast<double>(lon), static_cast<double>(lat)}, resolution_) == cell_) return 0;
    const V p = vec(lon, lat);
    Real best = 1000;
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      best = std::min(best, distance_to_arc(p, corners_[i], corners_[(i + 1) % corners_.size()]));
    }
    return best / kRadians;
  }

 private:
  H3Index cell_;
  int resolution_;
  std::vector<V> corners_;
};

Real nearest_on_edge(const CellDistance& distance, LonLat a, LonLat b, int samples) {
  const auto at = [&](Real t) {
    return distance(a.lon + t * (Real{b.lon} - a.lon), a.lat + t * (Real{b.lat} - a.lat));
  };
  std::vector<Real> values;
  for (int i = 0; i <= samples; ++i) values.push_back(at(Real(i) / samples));
  Real best = *std::ranges::min_element(values);
  for (int i = 0; i <= samples && best > 0; ++i) {
    const auto value = [&](int k) { return values[static_cast<std::size_t>(std::clamp(k, 0, samples))]; };
    if (value(i) > value(i - 1) || value(i) > value(i + 1)) continue;
    Real low = Real(std::max(i - 1, 0)) / samples, high = Real(std::min(i + 1, samples)) / samples;
    while (high - low > 1e-17L && best > 0) {
      const Real t1 = low + (high - low) * 0.4L, t2 = low + (high - low) * 0.6L;
      const Real d1 = at(t1), d2 = at(t2);
      best = std::min({best, d1, d2});
      (d1 < d2 ? high : low) = d1 < d2 ? t2 : t1;
      if (high - low < 1e-15L) break;
    }
  }
  return best;
}

}  // namespace

H3Index cell_at(LonLat p, int resolution) {
  const LatLng radians{degsToRads(p.lat), degsToRads(p.lon)};
  H3Index cell = 0;
  latLngToCell(&radians, resolution, &cell);
  return cell;
}

LonLat center_of(H3Index cell) {
  LatLng p;
  cellToLatLng(cell, &p);
  return {p.lng * 180 / std::numbers::pi, p.lat * 180 / std::numbers::pi};
}

Points boundary_of(H3Index cell) {
  CellBoundary boundary;
  cellToBoundary(cell, &boundary);
  Points points;
  for (int i = 0; i < boundary.numVerts; ++i) {
    points.push_back({boundary.verts[i].lng * 180 / std::numbers::pi, boundary.verts[i].lat * 180 / std::numbers::pi});
  }
  return points;
}

Cells disk(H3Index cell, int k) {
  std::int64_t size = 0;
  maxGridDiskSize(k, &size);
  std::vector<H3Index> cells(static_cast<std::size_t>(size));
  gridDisk(cell, k, cells.data());
  Cells found(cells.begin(), cells.end());
  found.erase(0);
  return found;
}

std::string to_string(const Cells& cells) {
  std::string text;
  for (const auto cell : cells) text += fmt::format("{:x} ", cell);
  return text;
}

std::string Shape::describe() const {
  std::string text;
  for (const auto& ring : rings) {
    text += '(';
    for (const auto& p : ring) text += fmt::format("{{{:.17g}, {:.17g}}}, ", p.lon, p.lat);
    text += ')';
  }
  return text;
}

bool contains_in_plane(const std::vector<Points>& rings, LonLat p) {
  bool inside = false;
  for (const double lon : {p.lon - 720, p.lon - 360, p.lon, p.lon + 360, p.lon + 720}) {
    for (const auto& ring : rings) {
      for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
        const auto &a = ring[i], &b = ring[i + 1];
        if ((a.lat <= p.lat) == (b.lat <= p.lat)) continue;
        inside ^= a.lon + (p.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon) > lon;
      }
    }
  }
  return inside;
}

double distance_deg(const Shape& shape, H3Index cell, int samples) {
  struct Edge {
    LonLat a, b;
    Real least;  ///< no point of the edge is nearer than its middle by more than half its length
  };
  const CellDistance distance(cell);
  Real best = 1000;
  std::vector<Edge> edges;
  for (const auto& ring : shape.rings) {
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      const LonLat a = ring[i], b = ring[i + 1];
      const Real middle = distance((Real(a.lon) + b.lon) / 2, (Real(a.lat) + b.lat) / 2);
      const Real half_length = Real(std::abs(b.lon - a.lon) + std::abs(b.lat - a.lat)) / 2;
      best = std::min({best, middle, distance(a.lon, a.lat)});
      edges.push_back({a, b, middle - half_length});
    }
  }
  std::ranges::sort(edges, {}, &Edge::least);
  for (const auto& edge : edges) {
    if (edge.least < best) best = std::min(best, nearest_on_edge(distance, edge.a, edge.b, samples));
  }
  return static_cast<double>(best);
}

Cells sampled_cells(const Shape& shape, int resolution, int samples, std::mt19937_64& random) {
  std::uniform_real_distribution<double> share(0, 1);
  Cells found;
  double west = 1e9, east = -1e9, south = 90, north = -90;
  for (const auto& ring : shape.rings) {
    const int per_edge = samples / static_cast<int>(ring.size()) + 1;
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      const auto &a = ring[i], &b = ring[i + 1];
      found.insert(cell_at(a, resolution));
      for (int k = 0; k < per_edge; ++k) {
        const double t = share(random);
        found.insert(cell_at({a.lon + t * (b.lon - a.lon), a.lat + t * (b.lat - a.lat)}, resolution));
      }
      west = std::min(west, a.lon), east = std::max(east, a.lon);
      south = std::min(south, a.lat), north = std::max(north, a.lat);
    }
  }
  for (int k = 0; k < samples && shape.contains; ++k) {
    const LonLat p{normal_lon(west + share(random) * (east - west)), south + share(random) * (north - south)};
    if (shape.contains(p)) found.insert(cell_at(p, resolution));
  }
  return found;
}

bool shares_inner_point(const Shape& shape, H3Index cell) {
  if (!shape.contains) return false;
  const LonLat center = center_of(cell);
  if (shape.contains(center)) return true;
  const Vec3 middle = to_vector(center);
  for (const auto& corner : boundary_of(cell)) {
    for (const double share : {0.5, 0.9, 0.999999}) {
      const LonLat p = to_lon_lat((1 - share) * middle + share * to_vector(corner));
      if (shape.contains({normal_lon(p.lon), p.lat})) return true;
    }
  }
  return false;
}

}  // namespace earthcatalog::grid::testing
