// WKB to GeoJSON (RFC 7946).
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::stac {

/// Appends the geometry of `wkb` as a GeoJSON object, minified. Reads ISO WKB, of either byte order, and the flags of
/// EWKB (PostGIS, shapely's default) for Z and a reference system. kInvalidData for bytes that are not WKB,
/// kUnsupported for measures (M), curves, and coordinates that are not finite, which GeoJSON does not have.
Status append_geojson(std::string_view wkb, std::string& out);

}  // namespace earthcatalog::stac
