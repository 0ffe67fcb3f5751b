// The grid whose cells are the regions of a GeoJSON file. Footprints and regions both have edges straight in lon/lat,
// and touch when they meet in the plane (docs/format/grid.md).
#pragma once

#include <memory>
#include <string_view>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

/// Errors as of read_regions().
Result<std::shared_ptr<const Partitioner>> make_geojson_partitioner(std::string_view geojson,
                                                                    std::string_view id_field);

}  // namespace earthcatalog::grid
