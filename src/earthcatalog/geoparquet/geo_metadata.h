// The text of the file metadata key `geo` (https://geoparquet.org/releases/v1.1.0/).
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/geoparquet/wkb.h"

namespace earthcatalog::geoparquet {

/// The `geo` key of a file with the geometry column `geometry` and, unless empty, the bbox column `covering`. The
/// file's bbox when all coordinates are longitudes and latitudes; otherwise no bbox, and the CRS spelled out.
std::string geo_metadata(const GeometrySummary& summary, std::string_view covering);

}  // namespace earthcatalog::geoparquet
