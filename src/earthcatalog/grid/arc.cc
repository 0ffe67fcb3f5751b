#include "earthcatalog/grid/arc.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace earthcatalog::grid {
namespace {

/// Far below the tolerance, far above rounding: a piece this straight counts as its chord.
constexpr double kStraight = 1e-12;

struct Range {
  double low = 0, high = 1;
  bool empty() const { return low > high; }
};

/// A linear function along a chord, by its values at the ends.
struct Linear {
  double from, to;
  double at(double t) const { return from + t * (to - from); }
};

/// Leaves of `range` where `f + slack` is not negative.
void clip(Range& range, const Linear& f, double slack) {
  const double from = f.from + slack, to = f.to + slack;
  if (from >= 0 && to >= 0) return;
  if (from < 0 && to < 0) {
    range = {1, 0};
  } else if (from < 0) {
    range.low = std::max(range.low, from / (from - to));
  } else {
    range.high = std::min(range.high, from / (from - to));
  }
}

Piece part_of(const Piece& piece, double low, double high) {
  const auto at = [&](double t) {
    return LonLat{piece.origin.lon + t * piece.step.lon, piece.origin.lat + t * piece.step.lat};
  };
  const double size = high - low;
  return {at(low),
          {size * piece.step.lon, size * piece.step.lat},
          low == 0 ? piece.from : to_vector(at(low)),
          high == 1 ? piece.to : to_vector(at(high)),
          size * size * piece.bend};
}

/// The neighbourhood of an arc: a slab about its plane, between two planes across its ends.
struct Neighbourhood {
  Vec3 normal, after_start, before_end;
};

bool meets(const Neighbourhood& arc, const Piece& piece) {
  const Linear height{dot(arc.normal, piece.from), dot(arc.normal, piece.to)};
  const Linear depth{-height.from, -height.to};
  const Linear after{dot(arc.after_start, piece.from), dot(arc.after_start, piece.to)};
  const Linear before{dot(arc.before_end, piece.from), dot(arc.before_end, piece.to)};
  Range possible, certain;
  for (const auto& f : {height, depth, after, before}) {
    clip(possible, f, kTouchRadians + piece.bend);
    clip(certain, f, kTouchRadians - piece.bend);
  }
  if (possible.empty()) return false;
  if (!certain.empty() || piece.bend < kStraight) return true;

  const bool changes_side = (height.from < 0) != (height.to < 0);
  const auto between_ends = [&](double t) {
    return after.at(t) + kTouchRadians > piece.bend && before.at(t) + kTouchRadians > piece.bend;
  };
  if (changes_side && between_ends(possible.low) && between_ends(possible.high)) return true;

  if (possible.high - possible.low < 0.75) return meets(arc, part_of(piece, possible.low, possible.high));
  return meets(arc, part_of(piece, 0, 0.5)) || meets(arc, part_of(piece, 0.5, 1));
}

}  // namespace

Piece make_piece(LonLat origin, LonLat step, const Vec3& from, const Vec3& to) {
  const double lon = std::abs(step.lon) * kRadiansPerDegree, lat = std::abs(step.lat) * kRadiansPerDegree;
  const bool over_equator = (from.z < 0) != (to.z < 0);
  const double largest_sine = std::max(std::abs(from.z), std::abs(to.z));
  const auto squared_cosine = [](const Vec3& p) { return p.x * p.x + p.y * p.y; };
  const double largest_cosine = over_equator ? 1 : std::sqrt(std::max(squared_cosine(from), squared_cosine(to)));
  // A bound on the second derivative of the outline by t; a chord is off by at most an eighth of it.
  const double second = lat * lat + 2 * lat * lon * largest_sine + lon * lon * largest_cosine;
  return {origin, step, from, to, second / 8};
}

bool touches_slowly(const Arc& arc, const Piece& piece) {
  return meets({arc.normal, cross(arc.normal, arc.start), cross(arc.end, arc.normal)}, piece);
}

}  // namespace earthcatalog::grid
