// The outlines of H3 cells, to draw them.
#pragma once

#include <string_view>
#include <vector>

#include "earthcatalog/grid/sphere.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// Returns the vertices of the cell of that name, once round. kInvalidArgument: no H3 cell has it.
Result<std::vector<LonLat>> h3_boundary(std::string_view name);

}  // namespace earthcatalog::grid
