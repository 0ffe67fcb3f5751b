// What a file's `geo` key says of its geometries, gathered from their WKB.
#pragma once

#include <array>
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

  bool has_extent() const { return lower[0] <= upper[0] && lower[1] <= upper[1]; }
  bool has_z() const { return lower[2] <= upper[2]; }

  /// Adds one geometry in WKB (ISO, or PostGIS' flags). False, and nothing is added, when it is malformed.
  bool add(std::string_view wkb);
};

}  // namespace earthcatalog::geoparquet
