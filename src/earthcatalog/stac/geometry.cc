#include "earthcatalog/stac/geometry.h"

#include <array>

namespace earthcatalog::stac {
namespace {

constexpr std::array kTypes = {GeometryType::kPoint,
                               GeometryType::kLineString,
                               GeometryType::kPolygon,
                               GeometryType::kMultiPoint,
                               GeometryType::kMultiLineString,
                               GeometryType::kMultiPolygon,
                               GeometryType::kGeometryCollection};

}  // namespace

std::string_view to_string(GeometryType type) {
  switch (type) {
    case GeometryType::kPoint:
      return "Point";
    case GeometryType::kLineString:
      return "LineString";
    case GeometryType::kPolygon:
      return "Polygon";
    case GeometryType::kMultiPoint:
      return "MultiPoint";
    case GeometryType::kMultiLineString:
      return "MultiLineString";
    case GeometryType::kMultiPolygon:
      return "MultiPolygon";
    case GeometryType::kGeometryCollection:
      return "GeometryCollection";
  }
  return "";
}

std::optional<GeometryType> parse_geometry_type(std::string_view name) {
  for (const GeometryType type : kTypes) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

}  // namespace earthcatalog::stac
