// The area that a search asks for, and whether a footprint touches it.
//
//     EC_ASSIGN_OR_RETURN(const std::string wkb, grid::wkb_of_bbox(std::array{170.0, -10.0, -170.0, 10.0}));
//     EC_ASSIGN_OR_RETURN(const Area area, Area::make(wkb));
//     AreaTest test(area);                            // one per thread
//     EC_ASSIGN_OR_RETURN(const bool yes, test.touches(item_wkb));
//
// Both are closed sets with straight edges in longitude and latitude; over the antimeridian and round the poles they
// run as docs/format/grid.md says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/geos.h"
#include "earthcatalog/grid/planar.h"
#include "earthcatalog/result.h"

namespace earthcatalog::search {

/// Immutable; safe to share between threads.
class Area {
 public:
  /// kInvalidArgument: the geometry is empty, or a latitude lies outside [-90, 90].
  static Result<Area> make(std::string_view wkb);

  const std::string& wkb() const { return wkb_; }
  const std::vector<grid::PlanarPart>& parts() const { return parts_; }
  /// Boxes on the map that hold the area: longitudes within [-180, 180], over the antimeridian two boxes a part.
  const std::vector<grid::Bounds>& boxes() const { return boxes_; }
  /// False only when a footprint within `box` cannot touch the area. Boxes of footprints over the antimeridian reach
  /// from -180 to 180.
  bool may_touch(const grid::Bounds& box) const;

 private:
  std::string wkb_;
  std::vector<grid::PlanarPart> parts_;
  std::vector<grid::Bounds> boxes_;
};

/// Tests footprints. Not thread-safe; the area must outlive it.
class AreaTest {
 public:
  explicit AreaTest(const Area& area) : area_(area), drawn_(area.parts().size()) {}
  /// kInvalidData when `wkb` is no ISO WKB.
  Result<bool> touches(std::string_view wkb);

 private:
  struct Drawn {
    grid::Geos::Geometry geometry;
    grid::Geos::Prepared prepared;
  };
  Result<bool> touches(const grid::PlanarPart& part);
  Result<const Drawn*> drawn(std::size_t part);

  const Area& area_;
  grid::Geos geos_;  // before what it made, so that it goes last
  std::vector<Drawn> drawn_;
  grid::Footprint footprint_;
};

}  // namespace earthcatalog::search
