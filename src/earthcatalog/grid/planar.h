// Footprints and regions in the plane of longitudes and latitudes, where a path over the antimeridian simply goes on.
#pragma once

#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/footprint.h"

namespace earthcatalog::grid {

/// A point, line or polygon drawn without jumps: its western end is in [-180, 180), its longitudes go on eastwards as
/// far as they need to. A ring round a pole is closed over the pole: along one meridian to it, along latitude +-90, and
/// back.
struct PlanarPart {
  Footprint::Kind kind = Footprint::Kind::kPoint;
  std::vector<std::vector<LonLat>> paths;
  Bounds box;                ///< xmax may exceed 180
  bool round_globe = false;  ///< 360 degrees wide: holes may lie across its ends
};

PlanarPart draw_in_plane(const Footprint& footprint, const Footprint::Part& part);

}  // namespace earthcatalog::grid
