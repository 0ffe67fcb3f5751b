// A footprint as flat arrays: what WKB says, checked, without nesting. Also the one place that decides how a path runs
// over the antimeridian (docs/format/grid.md, "Odd geometry").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/sphere.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

struct Footprint {
  enum class Kind : std::uint8_t { kPoint, kLine, kPolygon };
  /// A point, a line or a polygon: one path, for a polygon the outer ring and then its holes. No path is empty.
  struct Part {
    Kind kind = Kind::kPoint;
    std::uint32_t first_path = 0, path_count = 0;
  };
  struct Path {
    std::uint32_t first_vertex = 0, vertex_count = 0;
  };

  std::vector<LonLat> vertices;  ///< longitudes within [-720, 720]
  std::vector<Path> paths;       ///< of polygons closed: the last vertex is the first
  std::vector<Part> parts;

  std::span<const LonLat> path(std::uint32_t index) const {
    return {vertices.data() + paths[index].first_vertex, paths[index].vertex_count};
  }
  void clear() { vertices.clear(), paths.clear(), parts.clear(); }
};

/// Replaces `footprint` by the points, lines and polygons of an ISO WKB geometry of any dimension and byte order. Empty
/// geometries give nothing; rings are closed. kInvalidData when the bytes are no such geometry, a coordinate is not
/// finite, or a latitude lies outside [-90, 90].
Status read_wkb(std::string_view wkb, Footprint& footprint);

/// The course of a path in longitude.
struct LonCourse {
  std::vector<double> steps;  ///< degrees from each vertex to the next: east positive
  int winding = 0;            ///< whole turns round the axis, of a closed path
  bool full_circle = false;   ///< some step is a whole turn
};

/// Edges of at most 180 degrees run as written, longer ones the short way. An edge of exactly 360 degrees is a whole
/// turn, and its path runs as written throughout: the box -180 ... 180 is a belt, not a meridian. It is no turn where
/// it only changes the name of the antimeridian (170, 180, -180, -170): docs/format/grid.md says when.
void trace_longitudes(std::span<const LonLat> path, LonCourse& course);

/// Returns true when a ring of odd winding is closed over the north pole: most of the ring lies there, by the mean of
/// its latitude over longitude; at a tie, left of the ring's direction.
bool encloses_north_pole(std::span<const LonLat> ring, const LonCourse& course);

}  // namespace earthcatalog::grid
