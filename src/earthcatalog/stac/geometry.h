// A geometry between GeoJSON (RFC 7946) and ISO WKB.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace earthcatalog::stac {

/// The codes of ISO WKB; with Z it is 1000 more.
enum class GeometryType : std::uint32_t {
  kPoint = 1,
  kLineString = 2,
  kPolygon = 3,
  kMultiPoint = 4,
  kMultiLineString = 5,
  kMultiPolygon = 6,
  kGeometryCollection = 7,
};

inline constexpr std::uint32_t kWkbZ = 1000;
/// Geometry collections inside one another beyond this are not read.
inline constexpr std::size_t kMaxCollectionDepth = 16;

/// The GeoJSON name, as "MultiPolygon".
std::string_view to_string(GeometryType type);
std::optional<GeometryType> parse_geometry_type(std::string_view name);

}  // namespace earthcatalog::stac
