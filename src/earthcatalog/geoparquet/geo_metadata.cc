#include "earthcatalog/geoparquet/geo_metadata.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

namespace earthcatalog::geoparquet {
namespace {

constexpr std::array<std::string_view, 8> kTypeNames = {
    "", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};

// OGC:CRS84, which is also what the absence of `crs` means: but then readers may hold the file to -180 ... 180.
constexpr std::string_view kCrs84 =
    R"_(,"crs":{"$schema":"https://proj.org/schemas/v0.7/projjson.schema.json","type":"GeographicCRS",)_"
    R"_("name":"WGS 84 (CRS84)","datum":{"type":"GeodeticReferenceFrame","name":"World Geodetic System 1984",)_"
    R"_("ellipsoid":{"name":"WGS 84","semi_major_axis":6378137,"inverse_flattening":298.257223563}},)_"
    R"_("coordinate_system":{"subtype":"ellipsoidal","axis":[)_"
    R"_({"name":"Geodetic longitude","abbreviation":"Lon","direction":"east","unit":"degree"},)_"
    R"_({"name":"Geodetic latitude","abbreviation":"Lat","direction":"north","unit":"degree"}]},)_"
    R"_("id":{"authority":"OGC","code":"CRS84"}})_";

// The specification knows no measures: a geometry with M counts as the one without.
std::set<std::string> type_names(const std::set<std::uint32_t>& codes) {
  std::set<std::string> names;
  for (const std::uint32_t code : codes) {
    const bool z = code / 1000 == 1 || code / 1000 == 3;
    names.insert(fmt::format("{}{}", kTypeNames[code % 1000], z ? " Z" : ""));
  }
  return names;
}

void append_bbox(const GeometrySummary& summary, std::string& out) {
  const auto& lo = summary.lower;
  const auto& hi = summary.upper;
  out += summary.has_z() ? fmt::format(R"(,"bbox":[{},{},{},{},{},{}])", lo[0], lo[1], lo[2], hi[0], hi[1], hi[2])
                         : fmt::format(R"(,"bbox":[{},{},{},{}])", lo[0], lo[1], hi[0], hi[1]);
}

void append_covering(std::string_view column, std::string& out) {
  out += R"(,"covering":{"bbox":{)";
  const char* separator = "";
  for (const char* member : {"xmin", "ymin", "xmax", "ymax"}) {
    fmt::format_to(std::back_inserter(out), R"({0}"{1}":["{2}","{1}"])", separator, member, column);
    separator = ",";
  }
  out += "}}";
}

}  // namespace

std::string geo_metadata(const GeometrySummary& summary, std::string_view covering) {
  std::string out =
      R"({"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[)";
  const char* separator = "";
  for (const std::string& name : type_names(summary.types)) {
    fmt::format_to(std::back_inserter(out), R"({}"{}")", separator, name);
    separator = ",";
  }
  out += ']';
  if (summary.has_coordinates() && summary.in_world()) {
    append_bbox(summary, out);
  } else if (summary.has_coordinates()) {
    out += kCrs84;
  }
  if (!covering.empty()) append_covering(covering, out);
  out += "}}}";
  return out;
}

}  // namespace earthcatalog::geoparquet
