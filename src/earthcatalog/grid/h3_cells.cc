#include "earthcatalog/grid/h3_cells.h"

#include <fmt/format.h>

namespace earthcatalog::grid {
namespace {

void require(H3Error error, const char* what) {
  if (error != E_SUCCESS) throw H3Failure(fmt::format("H3: {} failed with code {}", what, error));
}

LonLat degrees(const LatLng& p) { return {p.lng / kRadiansPerDegree, p.lat / kRadiansPerDegree}; }

Vec3 vector_of(const LatLng& p) {
  return {std::cos(p.lat) * std::cos(p.lng), std::cos(p.lat) * std::sin(p.lng), std::sin(p.lat)};
}

}  // namespace

H3Cells::H3Cells(int resolution) : resolution_(resolution) {
  constexpr double kEarthRadiusKm = 6371;
  double edge_km = 0;
  getHexagonEdgeLengthAvgKm(resolution, &edge_km);
  edge_length_ = edge_km / kEarthRadiusKm;
  std::int64_t count = 0;
  getNumCells(resolution, &count);
  count_on_globe_ = static_cast<std::size_t>(count);
}

H3Cells::Slot H3Cells::slot(H3Index cell) {
  const auto [at, is_new] = slots_.try_emplace(cell, static_cast<Slot>(cells_.size()));
  if (is_new) cells_.emplace_back().index = cell;
  return at->second;
}

H3Index H3Cells::locate(LonLat point) const {
  const LatLng radians{point.lat * kRadiansPerDegree, point.lon * kRadiansPerDegree};
  H3Index cell = 0;
  require(latLngToCell(&radians, resolution_, &cell), "latLngToCell");
  return cell;
}

LonLat H3Cells::center(Slot slot) const {
  LatLng center;
  require(cellToLatLng(index(slot), &center), "cellToLatLng");
  return degrees(center);
}

void H3Cells::build_edges(Slot slot) {
  CellBoundary boundary;
  require(cellToBoundary(index(slot), &boundary), "cellToBoundary");
  cells_[slot].first_edge = static_cast<std::uint32_t>(edges_.size());
  cells_[slot].edge_count = static_cast<std::uint32_t>(boundary.numVerts);
  const Vec3 first = vector_of(boundary.verts[0]);
  Vec3 start = first;
  for (int i = 1; i <= boundary.numVerts; ++i) {
    const Vec3 end = i < boundary.numVerts ? vector_of(boundary.verts[i]) : first;
    // From the difference: the product of two vectors this near to each other would have few exact digits left.
    edges_.push_back({{start, end, unit(cross(start, end - start))}, kUnknown});
    start = end;
  }
}

H3Cells::Slot H3Cells::across(Edge& edge) {
  if (edge.across == kUnknown) {
    const Vec3 middle = unit(edge.arc.start + edge.arc.end);
    edge.across = slot_at(to_lon_lat(middle - 0.1 * edge_length_ * edge.arc.normal));
  }
  return edge.across;
}

void H3Cells::find_neighbors(Slot slot) {
  std::array<H3Index, kMaxNeighbors + 1> disk{};
  const H3Index cell = index(slot);
  require(gridDisk(cell, 1, disk.data()), "gridDisk");
  Neighbors found;
  for (const H3Index other : disk) {
    if (other != 0 && other != cell) found.slots[static_cast<std::size_t>(found.count++)] = this->slot(other);
  }
  cells_[slot].neighbors = found;
}

void H3Cells::clear() {
  cells_.clear();
  edges_.clear();
  slots_.clear();
}

}  // namespace earthcatalog::grid
