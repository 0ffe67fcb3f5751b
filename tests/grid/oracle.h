// The truth about covers, found without the code under test: by latLngToCell at sampled points, and by searching in
// long double for the place where outline and cell come closest.
#pragma once

#include <h3api.h>

#include <functional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "grid/wkb_build.h"

namespace earthcatalog::grid::testing {

using Cells = std::set<H3Index>;

inline constexpr double kToleranceDeg = 1e-7;

H3Index cell_at(LonLat p, int resolution);
LonLat center_of(H3Index cell);
Points boundary_of(H3Index cell);
/// The cells within `k` steps.
Cells disk(H3Index cell, int k);
std::string to_string(const Cells& cells);

/// A shape whose vertices are written without wraps: longitudes go on past 180, and edges run as written.
struct Shape {
  std::vector<Points> rings;             ///< closed; of a line one path
  std::function<bool(LonLat)> contains;  ///< of a point with longitude in [-180, 180); empty for lines
  std::string describe() const;
};

/// Even-odd in the plane, over every spelling of the point's longitude; for rings that wind round no pole.
bool contains_in_plane(const std::vector<Points>& rings, LonLat p);

/// The smallest distance, in degrees, between the shape's outline and the cell, 0 where latLngToCell puts a point of
/// the outline into the cell. Each edge is searched at `samples` places and then finer about the nearest of them.
double distance_deg(const Shape& shape, H3Index cell, int samples);

/// Cells of points sampled on the outline and, when it has one, in the inside.
Cells sampled_cells(const Shape& shape, int resolution, int samples, std::mt19937_64& random);

/// Whether a point of the cell lies in the shape: its center, its vertices, or points between them.
bool shares_inner_point(const Shape& shape, H3Index cell);

}  // namespace earthcatalog::grid::testing
