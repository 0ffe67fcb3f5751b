#include "earthcatalog/stac/read/wkb_writer.h"

#include <cstring>

namespace earthcatalog::stac {

void WkbWriter::write_header(GeometryType type) {
  constexpr char kLittleEndian = 1;
  wkb_.push_back(kLittleEndian);
  wkb_.append_value(static_cast<std::uint32_t>(type) + (with_z_ ? kWkbZ : 0));
}

void WkbWriter::write_positions(const GeojsonShape& shape, std::size_t from, std::size_t to) {
  static_assert(sizeof(Position) == 3 * sizeof(double));
  constexpr std::size_t kFlatBytes = 2 * sizeof(double);
  if (with_z_) {
    wkb_.append({reinterpret_cast<const char*>(&shape.positions[from]), (to - from) * sizeof(Position)});
    return;
  }
  char* out = wkb_.reserve((to - from) * kFlatBytes);
  for (std::size_t i = from; i < to; ++i, out += kFlatBytes) std::memcpy(out, &shape.positions[i], kFlatBytes);
  wkb_.advance((to - from) * kFlatBytes);
}

void WkbWriter::write_lines(const GeojsonShape& shape, std::size_t from, std::size_t to, bool headers) {
  wkb_.append_value(static_cast<std::uint32_t>(to - from));
  for (std::size_t line = from; line < to; ++line) {
    const std::size_t begin = line == 0 ? 0 : shape.line_ends[line - 1];
    if (headers) write_header(GeometryType::kLineString);
    wkb_.append_value(static_cast<std::uint32_t>(shape.line_ends[line] - begin));
    write_positions(shape, begin, shape.line_ends[line]);
  }
}

void WkbWriter::write(const GeojsonShape& shape) {
  write_header(*shape.type);
  const std::size_t positions = shape.positions.size();
  switch (*shape.type) {
    case GeometryType::kPoint:
      return write_positions(shape, 0, 1);
    case GeometryType::kLineString:
      wkb_.append_value(static_cast<std::uint32_t>(positions));
      return write_positions(shape, 0, positions);
    case GeometryType::kPolygon:
      return write_lines(shape, 0, shape.line_ends.size(), false);
    case GeometryType::kMultiPoint:
      wkb_.append_value(static_cast<std::uint32_t>(positions));
      for (std::size_t i = 0; i < positions; ++i) {
        write_header(GeometryType::kPoint);
        write_positions(shape, i, i + 1);
      }
      return;
    case GeometryType::kMultiLineString:
      return write_lines(shape, 0, shape.line_ends.size(), true);
    case GeometryType::kMultiPolygon: {
      wkb_.append_value(static_cast<std::uint32_t>(shape.polygon_ends.size()));
      std::size_t from = 0;
      for (const std::size_t to : shape.polygon_ends) {
        write_header(GeometryType::kPolygon);
        write_lines(shape, from, to, false);
        from = to;
      }
      return;
    }
    case GeometryType::kGeometryCollection:
      wkb_.append_value(static_cast<std::uint32_t>(shape.members.size()));
      for (const GeojsonShape& member : shape.members) write(member);
  }
}

}  // namespace earthcatalog::stac
