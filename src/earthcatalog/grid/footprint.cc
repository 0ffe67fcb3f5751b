#include "earthcatalog/grid/footprint.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace earthcatalog::grid {
namespace {

constexpr int kMaxDepth = 64;

enum WkbType : std::uint32_t {
  kPoint = 1,
  kLineString,
  kPolygon,
  kMultiPoint,
  kMultiLineString,
  kMultiPolygon,
  kCollection
};

class WkbReader {
 public:
  WkbReader(std::string_view bytes, Footprint& out) : bytes_(bytes), out_(out) {}

  Status read() {
    EC_TRY(geometry(0, 0));
    if (at_ != bytes_.size()) return bad("bytes after the geometry");
    return {};
  }

 private:
  std::unexpected<Error> bad(std::string_view what) const {
    return fail(ErrorKind::kInvalidData, "WKB, byte {}: {}", at_, what);
  }

  /// `wanted`: the type that a Multi... demands of its members, 0 for any.
  Status geometry(int depth, std::uint32_t wanted) {
    if (depth > kMaxDepth) return bad("collections nested too deep");
    if (at_ >= bytes_.size()) return bad("the geometry ends early");
    const auto order = static_cast<unsigned char>(bytes_[at_++]);
    if (order > 1) return bad("the byte order is neither 0 nor 1");
    const bool swap_before = swap_;
    swap_ = (order == 1) != (std::endian::native == std::endian::little);
    EC_ASSIGN_OR_RETURN(const std::uint32_t code, count(0));
    const std::uint32_t type = code % 1000, dimensions = code / 1000;
    if (dimensions > 3 || type < kPoint || type > kCollection) return bad("not a geometry type of ISO WKB");
    if (wanted != 0 && type != wanted) return bad("a member of another type than its collection");
    doubles_per_vertex_ = dimensions == 0 ? 2 : dimensions == 3 ? 4 : 3;
    EC_TRY(body(type, depth));
    swap_ = swap_before;
    return {};
  }

  Status body(std::uint32_t type, int depth) {
    if (type == kPoint) return point();
    if (type == kLineString) return line();
    if (type == kPolygon) return polygon();
    constexpr std::size_t kSmallestMember = 5;
    EC_ASSIGN_OR_RETURN(const std::uint32_t members, count(kSmallestMember));
    for (std::uint32_t i = 0; i < members; ++i) EC_TRY(geometry(depth + 1, type == kCollection ? 0 : type - 3));
    return {};
  }

  Status point() {
    const auto path = begin_path();
    EC_TRY(vertices(1, /*may_be_empty=*/true));
    end_path(path);
    if (out_.paths.size() > path.index) out_.parts.push_back({Footprint::Kind::kPoint, path.index, 1});
    return {};
  }

  Status line() {
    const auto path = begin_path();
    EC_ASSIGN_OR_RETURN(const std::uint32_t n, count(doubles_per_vertex_ * sizeof(double)));
    EC_TRY(vertices(n, /*may_be_empty=*/false));
    end_path(path);
    if (out_.paths.size() > path.index) out_.parts.push_back({Footprint::Kind::kLine, path.index, 1});
    return {};
  }

  Status polygon() {
    EC_ASSIGN_OR_RETURN(const std::uint32_t rings, count(sizeof(std::uint32_t)));
    const auto first = begin_path();
    bool empty = rings == 0;
    for (std::uint32_t i = 0; i < rings; ++i) {
      const auto path = begin_path();
      EC_ASSIGN_OR_RETURN(const std::uint32_t n, count(doubles_per_vertex_ * sizeof(double)));
      if (i == 0) empty = n == 0;
      EC_TRY(vertices(n, /*may_be_empty=*/false));
      if (n > 0 && out_.vertices.back() != out_.vertices[path.vertex]) {
        out_.vertices.push_back(LonLat(out_.vertices[path.vertex]));
      }
      end_path(path);
    }
    if (empty) {  // holes in nothing
      out_.paths.resize(first.index);
      out_.vertices.resize(first.vertex);
      return {};
    }
    const auto paths = static_cast<std::uint32_t>(out_.paths.size()) - first.index;
    out_.parts.push_back({Footprint::Kind::kPolygon, first.index, paths});
    return {};
  }

  struct Begin {
    std::uint32_t index, vertex;
  };
  Begin begin_path() const {
    return {static_cast<std::uint32_t>(out_.paths.size()), static_cast<std::uint32_t>(out_.vertices.size())};
  }
  void end_path(const Begin& begin) {
    const auto vertices = static_cast<std::uint32_t>(out_.vertices.size()) - begin.vertex;
    if (vertices > 0) out_.paths.push_back({begin.vertex, vertices});
  }

  /// A number of things that take at least `bytes_each`: so that no count makes us reserve more than there is.
  Result<std::uint32_t> count(std::size_t bytes_each) {
    std::uint32_t value = 0;
    if (bytes_.size() - at_ < sizeof value) return bad("the geometry ends early");
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    if (swap_) value = __builtin_bswap32(value);
    if (bytes_each != 0 && value > (bytes_.size() - at_) / bytes_each) return bad("a count exceeds the bytes left");
    return value;
  }

  Status vertices(std::uint32_t n, bool may_be_empty) {
    const std::size_t stride = doubles_per_vertex_ * sizeof(double);
    if ((bytes_.size() - at_) / stride < n) return bad("the geometry ends early");
    for (std::uint32_t i = 0; i < n; ++i, at_ += stride) {
      LonLat p{coordinate(at_), coordinate(at_ + sizeof(double))};
      if (may_be_empty && std::isnan(p.lon) && std::isnan(p.lat)) continue;
      if (!std::isfinite(p.lon) || !std::isfinite(p.lat)) return bad("a coordinate is not finite");
      if (p.lat < -90 || p.lat > 90) return bad("a latitude is outside [-90, 90]");
      if (std::abs(p.lon) > 720) p.lon = std::remainder(p.lon, 360);
      out_.vertices.push_back(p);
    }
    return {};
  }

  double coordinate(std::size_t at) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, bytes_.data() + at, sizeof bits);
    return std::bit_cast<double>(swap_ ? __builtin_bswap64(bits) : bits);
  }

  std::string_view bytes_;
  Footprint& out_;
  std::size_t at_ = 0, doubles_per_vertex_ = 2;
  bool swap_ = false;
};

constexpr double kTurn = 360;

double short_way(double step) { return std::abs(step) > kTurn / 2 ? std::remainder(step, kTurn) : step; }

/// A path as its longitudes are written, and which of its edges of 360 degrees mean a whole turn.
class Course {
 public:
  explicit Course(std::span<const LonLat> path) : path_(path) { look(); }

  std::size_t edges() const { return path_.empty() ? 0 : path_.size() - 1; }
  double step(std::size_t edge) const { return path_[edge + 1].lon - path_[edge].lon; }

  bool has_turn() const {
    for (std::size_t i = 0; i < edges(); ++i) {
      if (std::abs(step(i)) == kTurn && !renames_meridian(i)) return true;
    }
    return false;
  }

 private:
  /// Returns true when the edge, of 360 degrees, has no length: 180 and -180 are two names of one meridian.
  bool renames_meridian(std::size_t edge) const {
    if (path_[edge].lat != path_[edge + 1].lat) return closes_without_turns_;
    const auto before = beside(edge, -1), after = beside(edge, 1);
    if (!before || !after) return false;
    const double turn = step(edge);
    if (short_way(step(*before)) * turn >= 0 || short_way(step(*after)) * turn >= 0) return false;
    const double comes_from = path_[*before].lat - path_[edge].lat;
    const double goes_to = path_[*after + 1].lat - path_[edge].lat;
    return comes_from * goes_to <= 0 || closes_without_turns_;
  }

  void look() {
    double sum = 0;
    bool has_width = false;
    for (std::size_t i = 0; i < edges(); ++i) {
      sum += short_way(step(i));
      has_width |= short_way(step(i)) != 0;
    }
    closes_without_turns_ = has_width && (!is_ring() || std::lround(sum / kTurn) == 0);
  }

  bool is_ring() const { return path_.front() == path_.back(); }

  /// The next edge with any length before (-1) or after (1) this one, in a ring also past the end.
  std::optional<std::size_t> beside(std::size_t edge, int direction) const {
    const std::size_t count = edges();
    for (std::size_t passed = 1; passed < count; ++passed) {
      const bool at_end = edge == (direction > 0 ? count - 1 : 0);
      if (at_end && !is_ring()) return std::nullopt;
      edge = (edge + (direction > 0 ? 1 : count - 1)) % count;
      if (path_[edge] != path_[edge + 1]) return edge;
    }
    return std::nullopt;
  }

  std::span<const LonLat> path_;
  bool closes_without_turns_ = false;  // has width, and winds round no pole, when all its edges go the short way
};

}  // namespace

Status read_wkb(std::string_view wkb, Footprint& footprint) {
  footprint.clear();
  // Offsets are 32 bits wide, and closing the rings adds at most one vertex to each.
  if (wkb.size() >= std::uint64_t{1} << 34) return fail(ErrorKind::kInvalidData, "WKB of {} bytes", wkb.size());
  auto status = WkbReader(wkb, footprint).read();
  if (!status) footprint.clear();
  return status;
}

void trace_longitudes(std::span<const LonLat> path, LonCourse& course) {
  const Course written(path);
  course.full_circle = written.has_turn();
  course.steps.resize(written.edges());
  double sum = 0;
  for (std::size_t i = 0; i < course.steps.size(); ++i) {
    const double step = written.step(i);
    course.steps[i] = course.full_circle && std::abs(step) <= kTurn ? step : short_way(step);
    sum += course.steps[i];
  }
  course.winding = static_cast<int>(std::lround(sum / kTurn));
}

bool encloses_north_pole(std::span<const LonLat> ring, const LonCourse& course) {
  double area = 0;
  for (std::size_t i = 0; i < course.steps.size(); ++i) area += course.steps[i] * (ring[i].lat + ring[i + 1].lat);
  const double mean = course.winding < 0 ? -area : area;
  return mean > 0 || (mean == 0 && course.winding > 0);
}

}  // namespace earthcatalog::grid
