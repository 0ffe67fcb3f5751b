#include "earthcatalog/grid/geometry_text.h"

#include <geos_c.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/sphere.h"

namespace earthcatalog::grid {
namespace {

// Longer edges would go the short way round the globe.
constexpr double kLongestStep = 90;

template <class Number>
void append(std::string& wkb, Number value) {
  static_assert(std::endian::native == std::endian::little);
  wkb.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_header(std::string& wkb, std::uint32_t type, std::size_t count) {
  wkb.push_back(1);  // little-endian
  append(wkb, type);
  append(wkb, static_cast<std::uint32_t>(count));
}

// From west to east in steps, both included.
std::vector<LonLat> parallel(double west, double east, double lat) {
  const auto steps = static_cast<int>(std::ceil((east - west) / kLongestStep));
  std::vector<LonLat> path{{west, lat}};
  for (int i = 1; i <= steps; ++i) path.push_back({i == steps ? east : west + kLongestStep * i, lat});
  return path;
}

// A box without width or height is a point or a line: a ring without area is no polygon.
std::string wkb_of_box(double west, double south, double east, double north) {
  constexpr std::uint32_t kPoint = 1, kLine = 2, kPolygon = 3;
  auto path = parallel(west, east, south);
  std::string wkb;
  if (south == north && west == east) {
    wkb.push_back(1);
    append(wkb, kPoint);
  } else if (south == north || west == east) {
    if (west == east) path.push_back({west, north});
    append_header(wkb, kLine, path.size());
  } else {
    auto back = parallel(west, east, north);
    path.insert(path.end(), back.rbegin(), back.rend());
    path.push_back({west, south});
    append_header(wkb, kPolygon, 1);
    append(wkb, static_cast<std::uint32_t>(path.size()));
  }
  for (const auto& [lon, lat] : path) {
    append(wkb, lon);
    append(wkb, lat);
  }
  return wkb;
}

// GEOS calls itself for each level.
bool is_too_deep(std::string_view text) {
  constexpr int kDeepest = 100;
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
    if (depth > kDeepest) return true;
  }
  return false;
}

enum class Kind : std::uint8_t { kGeojson, kHexWkb, kWkt };

Kind kind_of(std::string_view text) {
  if (text.starts_with('{')) return Kind::kGeojson;
  return text.starts_with("00") || text.starts_with("01") ? Kind::kHexWkb : Kind::kWkt;
}

const char* name_of(Kind kind) {
  return kind == Kind::kGeojson ? "GeoJSON" : kind == Kind::kHexWkb ? "hexadecimal WKB" : "WKT";
}

// GEOS reads no positions with heights, and does not survive one without numbers. False: there is one.
bool mend_positions(nlohmann::json& coordinates) {
  if (coordinates.empty()) return false;
  if (!coordinates[0].is_array()) {
    if (coordinates.size() > 2) coordinates.erase(coordinates.begin() + 2, coordinates.end());
    return coordinates.size() == 2 && coordinates[0].is_number() && coordinates[1].is_number();
  }
  return std::ranges::all_of(coordinates, [](auto& part) { return part.is_array() && mend_positions(part); });
}

// Of all geometries within.
bool mend(nlohmann::json& geojson) {
  if (geojson.is_array()) return std::ranges::all_of(geojson, mend);
  if (!geojson.is_object()) return true;
  for (auto& [name, member] : geojson.items()) {
    const bool positions = name == "coordinates" && member.is_array() && !member.empty();
    if (!(positions ? mend_positions(member) : mend(member))) return false;
  }
  return true;
}

// A context of GEOS that remembers its last message.
struct Reader {
  Reader() {
    GEOSContext_setErrorMessageHandler_r(
        context, [](const char* text, void* self) { static_cast<Reader*>(self)->message = text; }, this);
  }
  ~Reader() { GEOS_finish_r(context); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  GEOSGeometry* read(const std::string& text, Kind kind) {
    if (kind == Kind::kHexWkb) {
      auto* const reader = GEOSWKBReader_create_r(context);
      auto* const geometry =
          GEOSWKBReader_readHEX_r(context, reader, reinterpret_cast<const unsigned char*>(text.data()), text.size());
      GEOSWKBReader_destroy_r(context, reader);
      return geometry;
    }
    if (kind == Kind::kGeojson) {
      auto json = nlohmann::json::parse(text, nullptr, false);
      const bool is_json = !json.is_discarded();  // else GEOS says what is wrong
      if (is_json && !mend(json)) {
        message = "a position needs two numbers";
        return nullptr;
      }
      auto* const reader = GEOSGeoJSONReader_create_r(context);
      auto* const geometry = GEOSGeoJSONReader_readGeometry_r(context, reader, (is_json ? json.dump() : text).c_str());
      GEOSGeoJSONReader_destroy_r(context, reader);
      return geometry;
    }
    auto* const reader = GEOSWKTReader_create_r(context);
    auto* const geometry = GEOSWKTReader_read_r(context, reader, text.c_str());
    GEOSWKTReader_destroy_r(context, reader);
    return geometry;
  }

  // GEOS writes hundreds of digits as WKT beyond its buffer. Coordinates below a millionth of a millimetre are zero,
  // and longitudes of thousands of turns are those of less than one.
  GEOSGeometry* snap(const GEOSGeometry& geometry) const {
    const auto to_zero = [](double* x, double* y, void*) {
      constexpr double kLeast = 1e-14, kGreatest = 1e6, kTurn = 360;
      if (std::abs(*x) > kGreatest) *x = std::remainder(*x, kTurn);
      if (std::abs(*x) < kLeast) *x = 0;
      if (std::abs(*y) < kLeast) *y = 0;
      return 1;
    };
    return GEOSGeom_transformXY_r(context, &geometry, to_zero, nullptr);
  }

  std::string write(const GEOSGeometry& geometry) {
    auto* const writer = GEOSWKBWriter_create_r(context);
    GEOSWKBWriter_setFlavor_r(context, writer, GEOS_WKB_ISO);
    std::size_t size = 0;
    unsigned char* const bytes = GEOSWKBWriter_write_r(context, writer, &geometry, &size);
    std::string wkb(reinterpret_cast<const char*>(bytes), size);
    GEOSFree_r(context, bytes);
    GEOSWKBWriter_destroy_r(context, writer);
    return wkb;
  }

  template <class Write>
  Result<std::string> spell(std::string_view wkb, const Write& write_text) {
    auto* const geometry =
        GEOSGeomFromWKB_buf_r(context, reinterpret_cast<const unsigned char*>(wkb.data()), wkb.size());
    if (geometry == nullptr) return fail(ErrorKind::kInvalidData, "no geometry: {}", message);
    auto* const snapped = snap(*geometry);
    char* const text = write_text(context, snapped != nullptr ? *snapped : *geometry);
    if (snapped != nullptr) GEOSGeom_destroy_r(context, snapped);
    std::string spelled = text != nullptr ? text : "";
    GEOSFree_r(context, text);
    GEOSGeom_destroy_r(context, geometry);
    return spelled;
  }

  GEOSContextHandle_t context = GEOS_init_r();
  std::string message;
};

}  // namespace

Result<std::string> wkb_of_bbox(std::span<const double> bbox) {
  if (bbox.size() != 4 && bbox.size() != 6) {
    return fail(ErrorKind::kInvalidArgument,
                "`bbox` has {} numbers: write west,south,east,north, or six with heights third and sixth", bbox.size());
  }
  const std::size_t east_at = bbox.size() / 2;
  const double west = bbox[0], south = bbox[1], east = bbox[east_at], north = bbox[east_at + 1];
  const bool on_map = std::abs(west) <= 180 && std::abs(east) <= 180 && std::abs(south) <= 90 && std::abs(north) <= 90;
  if (!on_map) {
    return fail(ErrorKind::kInvalidArgument,
                "`bbox` {},{},{},{}: longitudes go from -180 to 180 degrees, latitudes from -90 to 90", west, south,
                east, north);
  }
  if (south > north) return fail(ErrorKind::kInvalidArgument, "`bbox`: south {} is north of north {}", south, north);
  return wkb_of_box(west, south, west > east ? east + 360 : east, north);
}

Result<std::string> wkb_of_text(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos)
    return fail(ErrorKind::kInvalidArgument, "a geometry is expected, and the text is empty");
  if (is_too_deep(text)) return fail(ErrorKind::kInvalidArgument, "a geometry with brackets this deep is refused");
  text.remove_prefix(begin);
  const auto kind = kind_of(text);
  Reader reader;
  auto* const geometry = reader.read(std::string(text), kind);
  if (geometry == nullptr) {
    return fail(ErrorKind::kInvalidArgument, "this is no {} geometry: {}", name_of(kind), reader.message);
  }
  auto* const snapped = reader.snap(*geometry);
  auto wkb = reader.write(snapped != nullptr ? *snapped : *geometry);
  GEOSGeom_destroy_r(reader.context, geometry);
  if (snapped != nullptr) GEOSGeom_destroy_r(reader.context, snapped);
  Footprint footprint;
  if (const auto read = read_wkb(wkb, footprint); !read) {
    return fail(ErrorKind::kInvalidArgument, "this geometry lies on no map: {}", read.error().message);
  }
  return wkb;
}

Result<std::string> geojson_of_wkb(std::string_view wkb) {
  return Reader().spell(wkb, [](GEOSContextHandle_t context, const GEOSGeometry& geometry) {
    auto* const writer = GEOSGeoJSONWriter_create_r(context);
    constexpr int kNoIndent = -1;
    char* const text = GEOSGeoJSONWriter_writeGeometry_r(context, writer, &geometry, kNoIndent);
    GEOSGeoJSONWriter_destroy_r(context, writer);
    return text;
  });
}

Result<std::string> wkt_of_wkb(std::string_view wkb) {
  return Reader().spell(wkb, [](GEOSContextHandle_t context, const GEOSGeometry& geometry) {
    auto* const writer = GEOSWKTWriter_create_r(context);
    GEOSWKTWriter_setTrim_r(context, writer, 1);
    constexpr int kAllDigits = 17;
    GEOSWKTWriter_setRoundingPrecision_r(context, writer, kAllDigits);
    GEOSWKTWriter_setOutputDimension_r(context, writer, 2);
    char* const text = GEOSWKTWriter_write_r(context, writer, &geometry);
    GEOSWKTWriter_destroy_r(context, writer);
    return text;
  });
}

}  // namespace earthcatalog::grid
