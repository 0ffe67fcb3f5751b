// What a file's `geo` key says of its geometries, gathered from their WKB.
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

  /// False without coordinates, or with infinite ones.
  bool has_extent() const { return has_range(0) && has_range(1); }
  bool has_z() const { return has_range(2); }

  /// Adds one geometry in WKB (ISO, or PostGIS' flags). False, and nothing is added, when it is malformed.
  bool add(std::string_view wkb);

 private:
  bool has_range(std::size_t d) const { return lower[d] > -kInfinity && upper[d] < kInfinity && lower[d] <= upper[d]; }
};

}  // namespace earthcatalog::geoparquet
