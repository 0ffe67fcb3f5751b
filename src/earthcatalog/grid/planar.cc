#include "earthcatalog/grid/planar.h"

#include <algorithm>
#include <cmath>

namespace earthcatalog::grid {
namespace {

std::vector<LonLat> draw_path(std::span<const LonLat> path, bool is_ring) {
  LonCourse course;
  trace_longitudes(path, course);
  std::vector<LonLat> drawn;
  drawn.reserve(path.size() + 3);
  drawn.push_back(path[0]);
  for (std::size_t i = 0; i < course.steps.size(); ++i) {
    // Vertices keep their own digits, as far as whole turns allow.
    const double lon = drawn.back().lon + course.steps[i];
    drawn.push_back({path[i + 1].lon + 360 * std::round((lon - path[i + 1].lon) / 360), path[i + 1].lat});
  }
  if (is_ring && course.winding % 2 != 0) {
    const double pole = encloses_north_pole(path, course) ? 90 : -90;
    drawn.push_back({drawn.back().lon, pole});
    drawn.push_back({drawn.front().lon, pole});
    drawn.push_back(LonLat(drawn.front()));
  }
  return drawn;
}

Bounds box_of(const std::vector<LonLat>& path) {
  Bounds box{path[0].lon, path[0].lat, path[0].lon, path[0].lat};
  for (const auto& p : path) {
    box.xmin = std::min(box.xmin, p.lon), box.xmax = std::max(box.xmax, p.lon);
    box.ymin = std::min(box.ymin, p.lat), box.ymax = std::max(box.ymax, p.lat);
  }
  return box;
}

/// Whole turns that bring the western end into [-180, 180), none when the box needs none.
double turns_home(const Bounds& box) {
  if (box.xmin >= -180 && box.xmax <= 180) return 0;
  return -360 * std::floor((box.xmin + 180) / 360);
}

void shift(std::vector<LonLat>& path, double lon) {
  if (lon == 0) return;
  for (auto& p : path) p.lon += lon;
}

}  // namespace

PlanarPart draw_in_plane(const Footprint& footprint, const Footprint::Part& part) {
  PlanarPart drawn;
  drawn.kind = part.kind;
  const bool is_polygon = part.kind == Footprint::Kind::kPolygon;
  for (std::uint32_t i = 0; i < part.path_count; ++i) {
    auto& path = drawn.paths.emplace_back(draw_path(footprint.path(part.first_path + i), is_polygon));
    const Bounds box = box_of(path);
    if (i == 0) {
      const double turns = turns_home(box);
      shift(path, turns);
      drawn.box = {box.xmin + turns, box.ymin, box.xmax + turns, box.ymax};
      drawn.round_globe = box.xmax - box.xmin >= 360;
    } else {  // a hole, to where the outer ring is
      const double away = (drawn.box.xmin + drawn.box.xmax) / 2 - (box.xmin + box.xmax) / 2;
      shift(path, 360 * std::round(away / 360));
    }
  }
  return drawn;
}

}  // namespace earthcatalog::grid
