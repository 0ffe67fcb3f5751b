// A GeoJSON geometry as it was read, whatever its type.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "earthcatalog/stac/geometry.h"

namespace earthcatalog::stac {

struct Position {
  double x = 0, y = 0, z = 0;
};

/// "coordinates" of any type, flat. A line is a list of positions, a polygon a list of lines.
struct GeojsonShape {
  std::optional<GeometryType> type;
  int nesting = -1;  ///< arrays round a position: 0 for a Point, 3 for a MultiPolygon; -1: there is no position
  std::vector<Position> positions;
  std::vector<std::uint32_t> line_ends, polygon_ends;  ///< in positions; in lines
  std::vector<GeojsonShape> members;                   ///< "geometries"
  bool has_coordinates = false, has_members = false;

  /// Keeps the memory.
  void clear() {
    type.reset();
    nesting = -1;
    positions.clear();
    line_ends.clear();
    polygon_ends.clear();
    members.clear();
    has_coordinates = has_members = false;
  }
};

}  // namespace earthcatalog::stac
