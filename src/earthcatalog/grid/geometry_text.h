// Geometries as people write them, to ISO WKB.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// Returns the ISO WKB of a box: west, south, east, north in degrees, or six numbers with heights third and sixth,
/// which do not count. West > east goes over the antimeridian. kInvalidArgument: another number of numbers, south >
/// north, or a corner that is not on the map.
Result<std::string> wkb_of_bbox(std::span<const double> bbox);

/// Returns the ISO WKB of a GeoJSON geometry, Feature or FeatureCollection (text that begins with "{"), of WKT, or of
/// hexadecimal WKB or EWKB. kInvalidArgument says what is wrong with the text or with a coordinate.
Result<std::string> wkb_of_text(std::string_view text);

/// Returns a geometry as GeoJSON, or as WKT; heights are left out. kInvalidData when `wkb` is no WKB.
Result<std::string> geojson_of_wkb(std::string_view wkb);
Result<std::string> wkt_of_wkb(std::string_view wkb);

}  // namespace earthcatalog::grid
