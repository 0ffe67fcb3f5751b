#include "earthcatalog/search/area.h"

#include <algorithm>

namespace earthcatalog::search {
namespace {

constexpr double kTurns[] = {-360, 0, 360};
bool meet(const grid::Bounds& a, const grid::Bounds& b, double turn) {
  return a.xmin + turn <= b.xmax && b.xmin <= a.xmax + turn && a.ymin <= b.ymax && b.ymin <= a.ymax;
}

// Latitude 90 is one point: what reaches it touches all else that does.
bool share_a_pole(const grid::Bounds& a, const grid::Bounds& b) {
  return (a.ymax == 90 && b.ymax == 90) || (a.ymin == -90 && b.ymin == -90);
}

}  // namespace

Result<Area> Area::make(std::string_view wkb) {
  Area area;
  area.wkb_ = wkb;
  grid::Footprint footprint;
  if (const auto read = grid::read_wkb(wkb, footprint); !read) {
    return fail(ErrorKind::kInvalidArgument, "the area of the search: {}", read.error().message);
  }
  for (const auto& part : footprint.parts) {
    const auto& box = area.parts_.emplace_back(grid::draw_in_plane(footprint, part)).box;
    area.boxes_.push_back({box.xmin, box.ymin, std::min(box.xmax, 180.0), box.ymax});
    if (box.xmax > 180) area.boxes_.push_back({-180, box.ymin, std::min(box.xmax - 360, 180.0), box.ymax});
    // The meridian of 180 degrees has two names.
    if (box.xmin == -180) area.boxes_.push_back({180, box.ymin, 180, box.ymax});
    if (box.xmax == 180) area.boxes_.push_back({-180, box.ymin, -180, box.ymax});
  }
  if (area.parts_.empty()) return fail(ErrorKind::kInvalidArgument, "the area of the search is empty");
  return area;
}

bool Area::may_touch(const grid::Bounds& box) const {
  return std::ranges::any_of(boxes_, [&](const auto& mine) { return meet(mine, box, 0) || share_a_pole(mine, box); });
}

Result<bool> AreaTest::touches(std::string_view wkb) {
  EC_TRY(grid::read_wkb(wkb, footprint_));
  for (const auto& part : footprint_.parts) {
    EC_ASSIGN_OR_RETURN(const bool yes, touches(grid::draw_in_plane(footprint_, part)));
    if (yes) return true;
  }
  return false;
}

Result<bool> AreaTest::touches(const grid::PlanarPart& part) {
  for (std::size_t i = 0; i < area_.parts().size(); ++i) {
    const auto& box = area_.parts()[i].box;
    if (share_a_pole(part.box, box)) return true;
    for (const double turn : kTurns) {
      if (!meet(part.box, box, turn)) continue;
      EC_ASSIGN_OR_RETURN(const Drawn* area, drawn(i));
      EC_ASSIGN_OR_RETURN(const auto geometry, geos_.geometry(part, turn));
      EC_ASSIGN_OR_RETURN(const bool yes, geos_.intersects(*area->prepared, *geometry));
      if (yes) return true;
    }
  }
  return false;
}

Result<const AreaTest::Drawn*> AreaTest::drawn(std::size_t part) {
  auto& drawn = drawn_[part];
  if (!drawn.prepared) {
    EC_ASSIGN_OR_RETURN(drawn.geometry, geos_.geometry(area_.parts()[part], 0));
    EC_ASSIGN_OR_RETURN(drawn.prepared, geos_.prepare(*drawn.geometry));
  }
  return &drawn;
}

}  // namespace earthcatalog::search
