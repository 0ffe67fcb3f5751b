// Gathers a file's `geo` key from the WKB of its geometries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>

namespace earthcatalog::geoparquet {

/// Types and extent of many geometries. Coordinates count as written: nothing is wrapped at the antimeridian.
struct GeometrySummary {
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  std::int64_t count = 0;         ///< geometries, the empty ones included
  std::set<std::uint32_t> types;  ///< ISO WKB codes of the outermost geometries: 3 is Polygon, 1003 Polygon Z
  std::array<double, 3> lower{kInfinity, kInfinity, kInfinity};
  std::array<double, 3> upper{-kInfinity, -kInfinity, -kInfinity};

  bool has_coordinates() const { return lower[0] <= upper[0] && lower[1] <= upper[1]; }
  /// Returns true when all coordinates are longitudes and latitudes. Not so for footprints spelled past 180 degrees.
  bool in_world() const { return in_range(0, 180) && in_range(1, 90); }
  bool has_z() const { return lower[2] <= upper[2] && in_range(2, std::numeric_limits<double>::max()); }

  /// Adds one geometry in WKB (ISO, or PostGIS' flags). False, and nothing is added, when it is malformed.
  bool add(std::string_view wkb);

 private:
  bool in_range(std::size_t d, double limit) const { return -limit <= lower[d] && upper[d] <= limit; }
};

}  // namespace earthcatalog::geoparquet
