#include "earthcatalog/grid/interior.h"

#include <cmath>

namespace earthcatalog::grid {

void Interior::clear() {
  edges_.clear();
  rings_.clear();
}

void Interior::add_ring(std::span<const LonLat> ring, const LonCourse& course) {
  double from = normal_lon(ring[0].lon);
  for (std::size_t i = 0; i < course.steps.size(); ++i) {
    const double to = normal_lon(ring[i + 1].lon);
    const double step = course.steps[i];
    // A meridian edge crosses no other meridian, and is never looked at.
    if (step != 0) {
      const bool over = std::abs(step - (to - from)) > 180;
      edges_.push_back({from, to, ring[i].lat, step, ring[i + 1].lat - ring[i].lat, over});
    }
    from = to;
  }
  const bool polar = course.winding % 2 != 0;
  rings_.push_back({edges_.size(), polar && !encloses_north_pole(ring, course)});
}

bool Interior::crosses_south_of(const Edge& edge, LonLat point) {
  const bool spans = ((edge.from_lon <= point.lon) != (edge.to_lon <= point.lon)) != edge.over_antimeridian;
  if (!spans) return false;
  double east = point.lon - edge.from_lon;
  if (edge.lon_step > 0 && east < 0) east += 360;
  if (edge.lon_step < 0 && east > 0) east -= 360;
  return edge.from_lat + edge.lat_step * (east / edge.lon_step) < point.lat;
}

bool Interior::contains(LonLat point) const {
  point.lon = normal_lon(point.lon);
  std::size_t i = 0;
  for (std::size_t r = 0; r < rings_.size(); ++r) {
    bool inside = rings_[r].south_pole_inside;
    for (; i < rings_[r].edges_end; ++i) inside ^= crosses_south_of(edges_[i], point);
    if (inside == (r > 0)) return false;
  }
  return !rings_.empty();
}

}  // namespace earthcatalog::grid
