// GeoJSON geometries to ISO WKB. See docs/format/items.md for what counts as a place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/stac/geometry.h"
#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/read/json_walker.h"

namespace earthcatalog::stac {

/// The outcome of reading a geometry.
struct GeometryOutcome {
  bool located = true;  ///< the WKB was written
  bool exact = true;    ///< the WKB gives the whole GeoJSON back
  std::string reason;   ///< why it is not located
  const char* where = nullptr;
};

class GeojsonReader {
 public:
  explicit GeojsonReader(JsonWalker& walker) : walker_(walker) {}

  /// Reads `value`, any JSON value but null, to its end and appends its WKB if it makes sense. False: the document is
  /// refused (see JsonWalker).
  bool read(ondemand::value& value, std::size_t depth, GrowBuffer& wkb, GeometryOutcome& outcome);

 private:
  struct Position {
    double x = 0, y = 0, z = 0;
  };
  // "coordinates" of any type, flat. A line is a list of positions, a polygon a list of lines.
  struct Shape {
    std::optional<GeometryType> type;
    int nesting = -1;  // arrays round a position: 0 for a Point, 3 for a MultiPolygon; -1: there is no position
    std::vector<Position> positions;
    std::vector<std::uint32_t> line_ends, polygon_ends;  // in positions; in lines
    std::vector<Shape> members;                          // "geometries"
    bool has_coordinates = false, has_members = false;

    void clear();
  };

  bool read_geometry(ondemand::value& value, std::size_t depth, std::size_t collections, Shape& shape);
  bool read_member(std::string_view name, ondemand::value& value, std::size_t depth, std::size_t collections,
                   Shape& shape);
  bool read_type(ondemand::value& value, std::size_t depth, Shape& shape);
  bool read_members(ondemand::value& value, std::size_t depth, std::size_t collections, Shape& shape);
  bool read_coordinates(ondemand::value& value, std::size_t depth, int level, Shape& shape);
  bool read_nested(ondemand::array array, std::size_t depth, int level, Shape& shape);
  bool read_position(ondemand::array array, std::size_t depth, int level, const char* where, Shape& shape);
  void add_position(const Position& position, std::size_t numbers, int level, const char* where, Shape& shape);

  // Refuse what is no geometry of its type.
  void check(const Shape& shape, const char* where);
  void check_lines(const Shape& shape, std::size_t fewest, bool closed, const char* where);
  void write(const Shape& shape, GrowBuffer& wkb) const;
  void write_header(GeometryType type, GrowBuffer& wkb) const;
  void write_positions(const Shape& shape, std::size_t from, std::size_t to, GrowBuffer& wkb) const;
  void write_lines(const Shape& shape, std::size_t from, std::size_t to, bool headers, GrowBuffer& wkb) const;
  // The geometry is no place. The first reason stays.
  void refuse(std::string_view reason, const char* where);

  JsonWalker& walker_;
  Shape root_;
  std::string scratch_;
  bool flat_ = false, deep_ = false;  // a position with two numbers was met; with three or more
  GeometryOutcome* outcome_ = nullptr;
};

}  // namespace earthcatalog::stac
