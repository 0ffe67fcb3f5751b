// Regions read from a GeoJSON boundaries file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/planar.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

struct Regions {
  struct Polygon {
    std::size_t region;  ///< index in `ids`
    PlanarPart shape;
  };
  std::vector<std::string> ids;  ///< ascending bytewise, each once
  std::vector<Polygon> polygons;
};

/// Reads a FeatureCollection (RFC 7946) of polygons. A region's id is the property `id_field`, else, when that is "id",
/// the feature's own id: text or a whole number. Features of one id make one region.
/// kInvalidData when the text is no such collection, holds no feature, or a region is no polygon; kInvalidArgument when
/// a feature lacks the field, or its id cannot be a part of a path (docs/format/grid.md, "Regions").
Result<Regions> read_regions(std::string_view geojson, std::string_view id_field);

}  // namespace earthcatalog::grid
