#include "earthcatalog/geoparquet/geo_metadata.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

namespace earthcatalog::geoparquet {
namespace {

constexpr std::array<std::string_view, 8> kTypeNames = {
    "", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};

constexpr std::string_view kCovering =
    R"(,"covering":{"bbox":{"xmin":["geometry_bbox","xmin"],"ymin":["geometry_bbox","ymin"],)"
    R"("xmax":["geometry_bbox","xmax"],"ymax":["geometry_bbox","ymax"]}})";

// The specification knows no measures: a geometry with M counts as the one without.
std::set<std::string> type_names(const std::set<std::uint32_t>& codes) {
  std::set<std::string> names;
  for (const std::uint32_t code : codes) {
    const bool z = code / 1000 == 1 || code / 1000 == 3;
    names.insert(fmt::format("{}{}", kTypeNames[code % 1000], z ? " Z" : ""));
  }
  return names;
}

}  // namespace

std::string geo_metadata(const GeometrySummary& summary, bool covering) {
  std::string out =
      R"({"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[)";
  const char* separator = "";
  for (const std::string& name : type_names(summary.types)) {
    fmt::format_to(std::back_inserter(out), R"({}"{}")", separator, name);
    separator = ",";
  }
  out += ']';
  if (summary.has_extent()) {
    const auto& lo = summary.lower;
    const auto& hi = summary.upper;
    out += summary.has_z() ? fmt::format(R"(,"bbox":[{},{},{},{},{},{}])", lo[0], lo[1], lo[2], hi[0], hi[1], hi[2])
                           : fmt::format(R"(,"bbox":[{},{},{},{}])", lo[0], lo[1], hi[0], hi[1]);
  }
  if (covering) out += kCovering;
  out += "}}}";
  return out;
}

}  // namespace earthcatalog::geoparquet
