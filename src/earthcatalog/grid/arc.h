// Finds whether a piece of a footprint's outline meets a cell's edge.
//
// The outline is straight in lon/lat, a cell's edge is an arc of a great circle. Along a piece, the outline stays
// within `bend` of its chord, so that every question "on which side of this plane?" is a linear one with a known error.
// What the error leaves open is asked again of a shorter piece, whose bend shrinks with the square of its length.
#pragma once

#include "earthcatalog/grid/sphere.h"

namespace earthcatalog::grid {

/// Two sets meet when they come this close: half of the 1e-7 degrees that the definition of touching leaves open
/// (docs/format/grid.md).
inline constexpr double kTouchRadians = 5e-8 * kRadiansPerDegree;

/// An edge of a cell, counterclockwise round it.
struct Arc {
  Vec3 start, end;
  Vec3 normal;  ///< unit; the cell lies on its positive side
};

/// A piece of an outline: the points origin + t * step for t in [0, 1].
struct Piece {
  LonLat origin, step;
  Vec3 from, to;    ///< the ends
  double bend = 0;  ///< bound on the distance between outline and chord at the same t
};

/// The piece from `origin` to `origin + step`, with its ends given as vectors.
Piece make_piece(LonLat origin, LonLat step, const Vec3& from, const Vec3& to);

/// Returns true when the piece comes within kTouchRadians of the arc.
bool touches_slowly(const Arc& arc, const Piece& piece);

inline bool touches(const Arc& arc, const Piece& piece) {
  const double reach = piece.bend + kTouchRadians;
  const double from = dot(arc.normal, piece.from), to = dot(arc.normal, piece.to);
  if ((from > reach && to > reach) || (from < -reach && to < -reach)) return false;
  return touches_slowly(arc, piece);
}

}  // namespace earthcatalog::grid
