#include "earthcatalog/search/area.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace earthcatalog::search {
namespace {

constexpr double kTurns[] = {-360, 0, 360};
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
std::vector<grid::LonLat> parallel(double west, double east, double lat) {
  const auto steps = static_cast<int>(std::ceil((east - west) / kLongestStep));
  std::vector<grid::LonLat> path{{west, lat}};
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

// A context of GEOS that remembers its last message.
struct Reader {
  Reader() {
    GEOSContext_setErrorMessageHandler_r(
        context, [](const char* text, void* self) { static_cast<Reader*>(self)->message = text; }, this);
  }
  ~Reader() { GEOS_finish_r(context); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  GEOSGeometry* read(const std::string& text, bool is_json) {
    if (is_json) {
      auto* const reader = GEOSGeoJSONReader_create_r(context);
      auto* const geometry = GEOSGeoJSONReader_readGeometry_r(context, reader, text.c_str());
      GEOSGeoJSONReader_destroy_r(context, reader);
      return geometry;
    }
    auto* const reader = GEOSWKTReader_create_r(context);
    auto* const geometry = GEOSWKTReader_read_r(context, reader, text.c_str());
    GEOSWKTReader_destroy_r(context, reader);
    return geometry;
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

  GEOSContextHandle_t context = GEOS_init_r();
  std::string message;
};

bool meet(const grid::Bounds& a, const grid::Bounds& b, double turn) {
  return a.xmin + turn <= b.xmax && b.xmin <= a.xmax + turn && a.ymin <= b.ymax && b.ymin <= a.ymax;
}

// Latitude 90 is one point: what reaches it touches all else that does.
bool share_a_pole(const grid::Bounds& a, const grid::Bounds& b) {
  return (a.ymax == 90 && b.ymax == 90) || (a.ymin == -90 && b.ymin == -90);
}

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
  if (begin == std::string_view::npos) return fail(ErrorKind::kInvalidArgument, "`intersects` is empty");
  const bool is_json = text[begin] == '{';
  const char* const kind = is_json ? "GeoJSON" : "WKT";
  Reader reader;
  auto* const geometry = reader.read(std::string(text.substr(begin)), is_json);
  if (geometry == nullptr) {
    return fail(ErrorKind::kInvalidArgument, "`intersects` is no {} geometry: {}", kind, reader.message);
  }
  auto wkb = reader.write(*geometry);
  GEOSGeom_destroy_r(reader.context, geometry);
  return wkb;
}

Result<Area> Area::make(std::string_view wkb) {
  Area area;
  area.wkb_ = wkb;
  grid::Footprint footprint;
  if (const auto read = grid::read_wkb(wkb, footprint); !read) {
    return fail(ErrorKind::kInvalidArgument, "the area of the search: {}", read.error().message);
  }
  for (const auto& part : footprint.parts) {
    const auto& box = area.parts_.emplace_back(grid::draw_in_plane(footprint, part)).box;
    area.boxes_.push_back({box.xmin, box.ymin, std::min(box.xmax, 180.0), box.ymax});
    if (box.xmax > 180) area.boxes_.push_back({-180, box.ymin, std::min(box.xmax - 360, 180.0), box.ymax});
    // The meridian of 180 degrees has two names.
    if (box.xmin == -180) area.boxes_.push_back({180, box.ymin, 180, box.ymax});
    if (box.xmax == 180) area.boxes_.push_back({-180, box.ymin, -180, box.ymax});
  }
  if (area.parts_.empty()) return fail(ErrorKind::kInvalidArgument, "the area of the search is empty");
  return area;
}

bool Area::may_touch(const grid::Bounds& box) const {
  return std::ranges::any_of(boxes_, [&](const auto& mine) { return meet(mine, box, 0) || share_a_pole(mine, box); });
}

Result<bool> AreaTest::touches(std::string_view wkb) {
  EC_TRY(grid::read_wkb(wkb, footprint_));
  for (const auto& part : footprint_.parts) {
    EC_ASSIGN_OR_RETURN(const bool yes, touches(grid::draw_in_plane(footprint_, part)));
    if (yes) return true;
  }
  return false;
}

Result<bool> AreaTest::touches(const grid::PlanarPart& part) {
  for (std::size_t i = 0; i < area_.parts().size(); ++i) {
    const auto& box = area_.parts()[i].box;
    if (share_a_pole(part.box, box)) return true;
    for (const double turn : kTurns) {
      if (!meet(part.box, box, turn)) continue;
      EC_ASSIGN_OR_RETURN(const Drawn* area, drawn(i));
      EC_ASSIGN_OR_RETURN(const auto geometry, geos_.geometry(part, turn));
      EC_ASSIGN_OR_RETURN(const bool yes, geos_.intersects(*area->prepared, *geometry));
      if (yes) return true;
    }
  }
  return false;
}

Result<const AreaTest::Drawn*> AreaTest::drawn(std::size_t part) {
  auto& drawn = drawn_[part];
  if (!drawn.prepared) {
    EC_ASSIGN_OR_RETURN(drawn.geometry, geos_.geometry(area_.parts()[part], 0));
    EC_ASSIGN_OR_RETURN(drawn.prepared, geos_.prepare(*drawn.geometry));
  }
  return &drawn;
}

}  // namespace earthcatalog::search
