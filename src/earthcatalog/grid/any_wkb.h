// Footprints from elsewhere.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// Returns WKB of either byte order, ISO or with PostGIS' flags, as Coverer::cover() takes it; heights and measures may
/// go. kInvalidData when it is no WKB.
Result<std::string> iso_wkb(std::string_view wkb);

}  // namespace earthcatalog::grid
