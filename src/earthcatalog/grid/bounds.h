// The lon/lat box of a footprint, by the same rule for edges over the antimeridian as the cover.
#pragma once

#include <optional>
#include <string_view>

namespace earthcatalog::grid {

/// Degrees. Over the antimeridian or round a pole xmin = -180 and xmax = 180.
struct Bounds {
  double xmin = 0, ymin = 0, xmax = 0, ymax = 0;
};

/// Nothing for an empty geometry.
std::optional<Bounds> bounds(std::string_view wkb);

}  // namespace earthcatalog::grid
