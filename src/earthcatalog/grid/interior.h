// Finds the points inside a polygon whose edges are straight in lon/lat, on a cylinder that is closed at both poles.
#pragma once

#include <span>
#include <vector>

#include "earthcatalog/grid/footprint.h"

namespace earthcatalog::grid {

/// The inside of a polygon. A ring is judged by the even-odd rule along the meridian that leads south from the point,
/// so that neither the antimeridian nor the ring's first vertex matters. Inside the outer ring and no hole is inside.
class Interior {
 public:
  void clear();
  /// The outer ring first, then the holes; closed.
  void add_ring(std::span<const LonLat> ring, const LonCourse& course);
  /// Means nothing for points on a ring.
  bool contains(LonLat point) const;

 private:
  struct Edge {
    double from_lon, to_lon;  ///< in [-180, 180)
    double from_lat, lon_step, lat_step;
    bool over_antimeridian;
  };
  struct Ring {
    std::size_t edges_end;
    bool south_pole_inside;
  };
  static bool crosses_south_of(const Edge& edge, LonLat point);

  std::vector<Edge> edges_;
  std::vector<Ring> rings_;
};

}  // namespace earthcatalog::grid
