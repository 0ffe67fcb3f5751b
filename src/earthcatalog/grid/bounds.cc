#include "earthcatalog/grid/bounds.h"

#include <algorithm>

#include "earthcatalog/grid/planar.h"

namespace earthcatalog::grid {
namespace {

void extend(std::optional<Bounds>& all, const Bounds& box) {
  if (!all) {
    all = box;
    return;
  }
  all->xmin = std::min(all->xmin, box.xmin), all->xmax = std::max(all->xmax, box.xmax);
  all->ymin = std::min(all->ymin, box.ymin), all->ymax = std::max(all->ymax, box.ymax);
}

/// Returns true when the part lies in the plane as written: no longitude past 180, no edge that goes the short way.
bool is_plain(const Footprint& footprint, const Footprint::Part& part, Bounds& box) {
  const LonLat first = footprint.path(part.first_path)[0];
  box = {first.lon, first.lat, first.lon, first.lat};
  for (std::uint32_t i = 0; i < part.path_count; ++i) {
    double before = footprint.path(part.first_path + i)[0].lon;
    for (const auto& p : footprint.path(part.first_path + i)) {
      if (p.lon - before > 180 || before - p.lon > 180) return false;
      before = p.lon;
      box.xmin = std::min(box.xmin, p.lon), box.xmax = std::max(box.xmax, p.lon);
      box.ymin = std::min(box.ymin, p.lat), box.ymax = std::max(box.ymax, p.lat);
    }
  }
  return box.xmin >= -180 && box.xmax <= 180;
}

}  // namespace

std::optional<Bounds> bounds(std::string_view wkb) {
  Footprint footprint;
  if (!read_wkb(wkb, footprint)) return std::nullopt;
  std::optional<Bounds> all;
  for (const auto& part : footprint.parts) {
    Bounds box;
    if (!is_plain(footprint, part, box)) {
      box = draw_in_plane(footprint, part).box;
      if (box.xmax > 180 || box.xmax - box.xmin >= 360) box.xmin = -180, box.xmax = 180;
    }
    extend(all, box);
  }
  return all;
}

}  // namespace earthcatalog::grid
