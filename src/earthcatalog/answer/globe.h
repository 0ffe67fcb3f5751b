// A map of a table: the density of its cells on the globe, as SVG.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::answer {

/// Rows by the name of their H3 cell.
using CellRows = std::vector<std::pair<std::string, std::int64_t>>;

/// Draws both sides of the globe, the middle of the rows in front. kUnsupported: a name is no H3 cell's.
Result<std::string> globe_svg(const CellRows& cells);

}  // namespace earthcatalog::answer
