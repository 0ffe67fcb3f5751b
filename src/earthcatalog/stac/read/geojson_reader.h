// GeoJSON geometries to ISO WKB. See docs/format/items.md for what counts as a place.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/read/geojson_shape.h"
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
  bool read_geometry(ondemand::value& value, std::size_t depth, std::size_t collections, GeojsonShape& shape);
  bool read_member(std::string_view name, ondemand::value& value, std::size_t depth, std::size_t collections,
                   GeojsonShape& shape);
  bool read_type(ondemand::value& value, std::size_t depth, GeojsonShape& shape);
  bool read_members(ondemand::value& value, std::size_t depth, std::size_t collections, GeojsonShape& shape);
  bool read_coordinates(ondemand::value& value, std::size_t depth, int level, GeojsonShape& shape);
  bool read_nested(ondemand::array array, std::size_t depth, int level, GeojsonShape& shape);
  bool read_position(ondemand::array array, std::size_t depth, int level, const char* where, GeojsonShape& shape);
  void add_position(const Position& position, std::size_t numbers, int level, const char* where, GeojsonShape& shape);

  // Refuse what is no geometry of its type.
  void check(const GeojsonShape& shape, const char* where);
  void check_lines(const GeojsonShape& shape, std::size_t fewest, bool closed, const char* where);
  // The geometry is no place. The first reason stays.
  void refuse(std::string_view reason, const char* where);

  JsonWalker& walker_;
  GeojsonShape root_;
  std::string scratch_;
  bool flat_ = false, deep_ = false;  // a position with two numbers was met; with three or more
  GeometryOutcome* outcome_ = nullptr;
};

}  // namespace earthcatalog::stac
