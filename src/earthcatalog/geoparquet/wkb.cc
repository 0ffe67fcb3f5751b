#include "earthcatalog/geoparquet/wkb.h"

#include <bit>
#include <cstring>

namespace earthcatalog::geoparquet {
namespace {

constexpr int kMaxDepth = 64;

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  bool read_order() {
    if (bytes_.empty() || static_cast<unsigned char>(bytes_[0]) > 1) return false;
    swap_ = (bytes_[0] == 1) != (std::endian::native == std::endian::little);
    bytes_.remove_prefix(1);
    return true;
  }

  bool read(std::uint32_t& value) {
    if (bytes_.size() < sizeof value) return false;
    std::memcpy(&value, bytes_.data(), sizeof value);
    if (swap_) value = __builtin_bswap32(value);
    bytes_.remove_prefix(sizeof value);
    return true;
  }

  bool has_doubles(std::uint64_t count) const { return bytes_.size() / sizeof(double) >= count; }

  /// Only after has_doubles().
  void add(std::uint32_t points, std::uint32_t dimensions, std::uint32_t kept, GeometrySummary& out) {
    const char* at = bytes_.data();
    for (std::uint32_t i = 0; i < points; ++i, at += dimensions * sizeof(double)) {
      for (std::uint32_t d = 0; d < kept; ++d) {
        std::uint64_t bits;
        std::memcpy(&bits, at + d * sizeof bits, sizeof bits);
        const double value = std::bit_cast<double>(swap_ ? __builtin_bswap64(bits) : bits);
        // Written so that NaN, the coordinate of empty points, changes nothing.
        if (value < out.lower[d]) out.lower[d] = value;
        if (value > out.upper[d]) out.upper[d] = value;
      }
    }
    bytes_.remove_prefix(std::size_t{points} * dimensions * sizeof(double));
  }

 private:
  std::string_view bytes_;
  bool swap_ = false;
};

struct Header {
  std::uint32_t base = 0;  // 1 Point ... 7 GeometryCollection
  bool z = false, m = false;
  std::uint32_t dimensions() const { return 2U + (z ? 1U : 0U) + (m ? 1U : 0U); }
  std::uint32_t iso_code() const { return base + (z ? 1000U : 0U) + (m ? 2000U : 0U); }
};

bool read_header(Cursor& in, Header& header) {
  std::uint32_t code = 0;
  if (!in.read_order() || !in.read(code)) return false;
  header.z = (code & 0x80000000U) != 0;
  header.m = (code & 0x40000000U) != 0;
  const bool srid = (code & 0x20000000U) != 0;
  code &= 0x1FFFFFFFU;
  const std::uint32_t thousands = code / 1000;
  if (thousands > 3) return false;
  header.z |= thousands == 1 || thousands == 3;
  header.m |= thousands >= 2;
  header.base = code % 1000;
  if (std::uint32_t ignored = 0; srid && !in.read(ignored)) return false;
  return header.base >= 1 && header.base <= 7;
}

bool add_points(Cursor& in, const Header& header, std::uint32_t count, GeometrySummary& out) {
  if (!in.has_doubles(std::uint64_t{count} * header.dimensions())) return false;
  in.add(count, header.dimensions(), header.z ? 3 : 2, out);
  return true;
}

bool add_geometry(Cursor& in, GeometrySummary& out, int depth, Header& header) {
  if (depth > kMaxDepth || !read_header(in, header)) return false;
  if (header.base == 1) return add_points(in, header, 1, out);
  std::uint32_t count = 0;
  if (!in.read(count)) return false;
  if (header.base == 2) return add_points(in, header, count, out);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (header.base == 3) {
      std::uint32_t points = 0;
      if (!in.read(points) || !add_points(in, header, points, out)) return false;
    } else {
      Header part;
      if (!add_geometry(in, out, depth + 1, part)) return false;
    }
  }
  return true;
}

}  // namespace

bool GeometrySummary::add(std::string_view wkb) {
  const auto lower_before = lower, upper_before = upper;
  Cursor in(wkb);
  Header header;
  if (!add_geometry(in, *this, 0, header) || !in.at_end()) {
    lower = lower_before;
    upper = upper_before;
    return false;
  }
  ++count;
  types.insert(header.iso_code());
  return true;
}

}  // namespace earthcatalog::geoparquet
