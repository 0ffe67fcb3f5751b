// The text of the file metadata keys `geo` (https://geoparquet.org/releases/v1.1.0/) and `stac-geoparquet`.
#pragma once

#include <string>

#include "earthcatalog/geoparquet/wkb.h"

namespace earthcatalog::geoparquet {

/// The `geo` key of a file with the geometry column `geometry` and, when `covering`, the bbox column geometry_bbox. The
/// file's bbox when all coordinates are longitudes and latitudes; otherwise no bbox, and the CRS spelled out.
std::string geo_metadata(const GeometrySummary& summary, bool covering);

/// The `stac-geoparquet` key (https://github.com/radiantearth/stac-geoparquet-spec): its version.
inline constexpr const char* kStacGeoparquetMetadata = R"({"version":"1.1.0"})";

/// Field metadata of the GeoArrow extension type (https://geoarrow.org/extension-types.html).
inline constexpr const char* kGeoArrowName = "geoarrow.wkb";
inline constexpr const char* kGeoArrowMetadata = R"({"crs":"OGC:CRS84","crs_type":"authority_code"})";

}  // namespace earthcatalog::geoparquet
