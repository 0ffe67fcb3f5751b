// The spatial relations of CQL2 between geometries on the globe. Internal to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/geos.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cql2 {

enum class Relation : std::uint8_t {
  kContains,
  kCrosses,
  kDisjoint,
  kEquals,
  kIntersects,
  kOverlaps,
  kTouches,
  kWithin
};

/// The relation of the other side: `a` contains `b` where `b` is within `a`.
Relation turned_round(Relation relation);

/// Compares geometries as they lie in the plane of longitudes and latitudes, whatever turn of the globe they are
/// written in (docs/format/grid.md). Keeps the second one drawn for the next call. Not thread-safe.
class Spatial {
 public:
  /// Returns whether `a` is related so to `b`, both ISO WKB. kInvalidData when one is none, or GEOS cannot compare
  /// them.
  Result<bool> related(Relation relation, std::string_view a, std::string_view b);

 private:
  struct Drawn {
    std::string wkb;
    std::vector<grid::PlanarPart> parts;
    grid::Geos::Geometry once, turned;  // on one turn of the globe, and on three; null until asked for
    grid::Geos::Prepared prepared;      // of `turned`
  };
  static Result<Drawn> read(std::string_view wkb);
  Result<const GEOSGeometry*> once(Drawn& drawn);
  Result<const GEOSGeometry*> turned(Drawn& drawn);
  Result<grid::Geos::Geometry> unite(const Drawn& drawn, const std::vector<double>& turns);
  Result<bool> intersect(Drawn& a, Drawn& b);
  Result<bool> compare(Relation relation, Drawn& a, Drawn& b);
  Result<bool> matches(Drawn& a, Drawn& b, const char* pattern);
  Result<bool> covers(Drawn& a, Drawn& b);
  Result<bool> answer(char said) const;

  grid::Geos geos_;  // before what it made, so that it goes last
  Drawn last_;
};

}  // namespace earthcatalog::cql2
