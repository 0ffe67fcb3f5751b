#include "earthcatalog/grid/h3_boundary.h"

#include <h3api.h>

#include <string>

namespace earthcatalog::grid {

Result<std::vector<LonLat>> h3_boundary(std::string_view name) {
  H3Index cell = 0;
  CellBoundary boundary;
  if (stringToH3(std::string(name).c_str(), &cell) != E_SUCCESS || isValidCell(cell) == 0 ||
      cellToBoundary(cell, &boundary) != E_SUCCESS) {
    return fail(ErrorKind::kInvalidArgument, "{} is no H3 cell", name);
  }
  std::vector<LonLat> vertices;
  for (int i = 0; i < boundary.numVerts; ++i) {
    vertices.push_back({boundary.verts[i].lng / kRadiansPerDegree, boundary.verts[i].lat / kRadiansPerDegree});
  }
  return vertices;
}

}  // namespace earthcatalog::grid
