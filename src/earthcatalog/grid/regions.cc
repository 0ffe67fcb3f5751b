#include "earthcatalog/grid/regions.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Result<std::string> id_of(object feature, std::string_view id_field) {
  element value;
  if (feature["properties"][id_field].get(value) && (id_field != "id" || feature["id"].get(value))) {
    return fail(ErrorKind::kInvalidArgument,
                "there is no property '{}'; name the field of the region ids with `id_field`", id_field);
  }
  std::string id;
  if (std::string_view text; !value.get(text)) {
    id = text;
  } else if (std::int64_t number = 0; !value.get(number)) {
    id = std::to_string(number);
  } else if (std::uint64_t large = 0; !value.get(large)) {
    id = std::to_string(large);
  } else {
    return fail(ErrorKind::kInvalidArgument, "'{}' is neither text nor a whole number", id_field);
  }
  if (auto fits = check_cell_name(id); !fits) {
    return fail(ErrorKind::kInvalidArgument, "{}; choose another field than '{}' with `id_field`", fits.error().message,
                id_field);
  }
  return id;
}

Status read_ring(array positions, Footprint& footprint) {
  const auto first = static_cast<std::uint32_t>(footprint.vertices.size());
  for (const element position : positions) {
    array numbers;
    LonLat p;
    if (position.get(numbers) || numbers.at(0).get(p.lon) || numbers.at(1).get(p.lat)) {
      return fail(ErrorKind::kInvalidData, "a position is no array of two numbers");
    }
    if (!std::isfinite(p.lon) || std::abs(p.lon) > 720 || !(std::abs(p.lat) <= 90)) {
      return fail(ErrorKind::kInvalidData, "[{}, {}] is no longitude and latitude in degrees", p.lon, p.lat);
    }
    footprint.vertices.push_back(p);
  }
  if (footprint.vertices.size() == first) return fail(ErrorKind::kInvalidData, "a ring is empty");
  if (footprint.vertices.back() != footprint.vertices[first]) {
    footprint.vertices.push_back(LonLat(footprint.vertices[first]));
  }
  footprint.paths.push_back({first, static_cast<std::uint32_t>(footprint.vertices.size()) - first});
  return {};
}

Status read_polygon(element coordinates, Footprint& footprint) {
  array rings;
  if (coordinates.get(rings)) return fail(ErrorKind::kInvalidData, "coordinates of a polygon are no array of rings");
  const auto first = static_cast<std::uint32_t>(footprint.paths.size());
  for (const element ring : rings) {
    array positions;
    if (ring.get(positions)) return fail(ErrorKind::kInvalidData, "a ring is no array of positions");
    EC_TRY(read_ring(positions, footprint));
  }
  const auto count = static_cast<std::uint32_t>(footprint.paths.size()) - first;
  if (count > 0) footprint.parts.push_back({Footprint::Kind::kPolygon, first, count});
  return {};
}

Status read_geometry(object geometry, Footprint& footprint) {
  std::string_view type;
  if (geometry["type"].get(type)) return fail(ErrorKind::kInvalidData, "the geometry has no type");
  element coordinates;
  if (type == "Polygon" && !geometry["coordinates"].get(coordinates)) return read_polygon(coordinates, footprint);
  array members;
  if (type == "MultiPolygon" && !geometry["coordinates"].get(members)) {
    for (const element member : members) EC_TRY(read_polygon(member, footprint));
    return {};
  }
  return fail(ErrorKind::kInvalidData, "the geometry is no Polygon or MultiPolygon but '{}'", type);
}

Result<std::string> read_feature(element element_of_feature, std::string_view id_field, Footprint& footprint) {
  object feature, geometry;
  if (element_of_feature.get(feature)) return fail(ErrorKind::kInvalidData, "it is no object");
  EC_ASSIGN_OR_RETURN(std::string id, id_of(feature, id_field));
  if (feature["geometry"].get(geometry)) return fail(ErrorKind::kInvalidData, "region '{}' has no geometry", id);
  EC_TRY(annotate(read_geometry(geometry, footprint), fmt::format("region '{}'", id)));
  if (footprint.parts.empty()) return fail(ErrorKind::kInvalidData, "region '{}' has no polygon", id);
  return id;
}

Regions number(std::map<std::string, std::vector<PlanarPart>, std::less<>>&& shapes) {
  Regions regions;
  for (auto& [id, parts] : shapes) {
    for (auto& part : parts) regions.polygons.push_back({regions.ids.size(), std::move(part)});
    regions.ids.push_back(id);
  }
  return regions;
}

}  // namespace

Result<Regions> read_regions(std::string_view geojson, std::string_view id_field) {
  simdjson::dom::parser parser;
  object root;
  std::string_view type;
  array features;
  if (const auto error = parser.parse(geojson.data(), geojson.size()).get(root)) {
    return fail(ErrorKind::kInvalidData, "not a JSON object: {}", simdjson::error_message(error));
  }
  if (root["type"].get(type) || type != "FeatureCollection" || root["features"].get(features)) {
    return fail(ErrorKind::kInvalidData, "not a GeoJSON FeatureCollection");
  }
  std::map<std::string, std::vector<PlanarPart>, std::less<>> shapes;
  std::size_t index = 0;
  for (const element feature : features) {
    Footprint footprint;
    EC_ASSIGN_OR_RETURN(const std::string id,
                        annotate(read_feature(feature, id_field, footprint), fmt::format("feature {}", index)));
    for (const auto& part : footprint.parts) shapes[id].push_back(draw_in_plane(footprint, part));
    ++index;
  }
  if (shapes.empty()) return fail(ErrorKind::kInvalidData, "the collection holds no feature");
  return number(std::move(shapes));
}

}  // namespace earthcatalog::grid
