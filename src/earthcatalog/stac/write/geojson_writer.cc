#include "earthcatalog/stac/write/geojson_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "earthcatalog/stac/geometry.h"
#include "earthcatalog/stac/number.h"

namespace earthcatalog::stac {
namespace {

constexpr std::uint32_t kEwkbZ = 0x80000000, kEwkbM = 0x40000000, kEwkbSrid = 0x20000000;

class Writer {
 public:
  Writer(std::string_view wkb, std::string& out) : rest_(wkb), out_(out) {}

  Status write_geometry(std::size_t depth) {
    if (depth > kMaxCollectionDepth + 1)
      return fail(ErrorKind::kUnsupported, "WKB nested more than {} levels deep", depth);
    EC_ASSIGN_OR_RETURN(const Header header, read_header());
    out_ += "{\"type\":\"";
    out_ += to_string(header.type);
    out_ += header.type == GeometryType::kGeometryCollection ? "\",\"geometries\":" : "\",\"coordinates\":";
    EC_TRY(header.type == GeometryType::kGeometryCollection
               ? write_list(header, [&] { return write_geometry(depth + 1); })
               : write_coordinates(header));
    out_ += '}';
    return {};
  }
  bool at_end() const { return rest_.empty(); }

 private:
  struct Header {
    GeometryType type = GeometryType::kPoint;
    bool swapped = false, has_z = false;
  };

  template <class T>
  Result<T> read(bool swapped) {
    std::array<char, sizeof(T)> bytes;
    if (rest_.size() < bytes.size()) return fail(ErrorKind::kInvalidData, "WKB ends too early");
    std::memcpy(bytes.data(), rest_.data(), bytes.size());
    rest_.remove_prefix(bytes.size());
    if (swapped) std::ranges::reverse(bytes);
    return std::bit_cast<T>(bytes);
  }

  Result<Header> read_header() {
    EC_ASSIGN_OR_RETURN(const auto order, read<std::uint8_t>(false));
    if (order > 1) return fail(ErrorKind::kInvalidData, "WKB of byte order {}", order);
    Header header{.swapped = order == 0};
    EC_ASSIGN_OR_RETURN(std::uint32_t code, read<std::uint32_t>(header.swapped));
    if ((code & kEwkbSrid) != 0) EC_TRY(read<std::uint32_t>(header.swapped));
    header.has_z = (code & kEwkbZ) != 0;
    const bool has_m = (code & kEwkbM) != 0;
    code &= ~(kEwkbZ | kEwkbM | kEwkbSrid);
    if (code / kWkbZ == 1) {
      header.has_z = true;
      code -= kWkbZ;
    }
    if (has_m || code < 1 || code > 7) return fail(ErrorKind::kUnsupported, "WKB type {} has no GeoJSON", code);
    header.type = static_cast<GeometryType>(code);
    return header;
  }

  template <class Element>
  Status write_list(const Header& header, Element write_element) {
    EC_ASSIGN_OR_RETURN(const auto count, read<std::uint32_t>(header.swapped));
    out_ += '[';
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      EC_TRY(write_element());
    }
    out_ += ']';
    return {};
  }

  Status write_position(const Header& header) {
    out_ += '[';
    for (int i = 0; i < (header.has_z ? 3 : 2); ++i) {
      EC_ASSIGN_OR_RETURN(const double value, read<double>(header.swapped));
      if (!std::isfinite(value)) return fail(ErrorKind::kUnsupported, "a coordinate that is not finite has no GeoJSON");
      if (i > 0) out_ += ',';
      append_number(value, out_);
    }
    out_ += ']';
    return {};
  }

  // The coordinates of the part of a Multi... geometry, which has a header of its own.
  Status write_part(GeometryType type) {
    EC_ASSIGN_OR_RETURN(const Header header, read_header());
    if (header.type != type)
      return fail(ErrorKind::kInvalidData, "WKB has a {} where a {} belongs", to_string(header.type), to_string(type));
    return write_coordinates(header);
  }

  Status write_coordinates(const Header& header) {
    const auto line = [&] { return write_list(header, [&] { return write_position(header); }); };
    switch (header.type) {
      case GeometryType::kPoint:
        return write_position(header);
      case GeometryType::kLineString:
        return line();
      case GeometryType::kPolygon:
        return write_list(header, line);
      case GeometryType::kMultiPoint:
        return write_list(header, [&] { return write_part(GeometryType::kPoint); });
      case GeometryType::kMultiLineString:
        return write_list(header, [&] { return write_part(GeometryType::kLineString); });
      case GeometryType::kMultiPolygon:
        return write_list(header, [&] { return write_part(GeometryType::kPolygon); });
      case GeometryType::kGeometryCollection:
        break;
    }
    return {};
  }

  std::string_view rest_;
  std::string& out_;
};

}  // namespace

Status append_geojson(std::string_view wkb, std::string& out) {
  Writer writer(wkb, out);
  EC_TRY(writer.write_geometry(1));
  if (!writer.at_end()) return fail(ErrorKind::kInvalidData, "bytes after the end of the WKB");
  return {};
}

}  // namespace earthcatalog::stac
