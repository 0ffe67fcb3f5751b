// Writes shapes as ISO WKB, little-endian.
#pragma once

#include <cstddef>

#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/read/geojson_shape.h"

namespace earthcatalog::stac {

class WkbWriter {
 public:
  /// Appends to `wkb`; `with_z`: of each position three numbers.
  WkbWriter(GrowBuffer& wkb, bool with_z) : wkb_(wkb), with_z_(with_z) {}

  /// `shape` makes sense as what its type says.
  void write(const GeojsonShape& shape);

 private:
  void write_header(GeometryType type);
  void write_positions(const GeojsonShape& shape, std::size_t from, std::size_t to);
  void write_lines(const GeojsonShape& shape, std::size_t from, std::size_t to, bool headers);

  GrowBuffer& wkb_;
  const bool with_z_;
};

}  // namespace earthcatalog::stac
