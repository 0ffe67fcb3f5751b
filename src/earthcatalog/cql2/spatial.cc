#include "earthcatalog/cql2/spatial.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/planar.h"

namespace earthcatalog::cql2 {
namespace {

constexpr char kFailed = 2;  // of GEOS's predicates
constexpr double kTurns[] = {-360, 0, 360};

// Patterns of DE-9IM: OGC 06-103r4, 6.1.15.
const char* overlap_pattern(int dimension) { return dimension == 1 ? "1*T***T**" : "T*T***T**"; }

bool meet(const grid::Bounds& a, const grid::Bounds& b) {
  return std::ranges::any_of(kTurns, [&](double turn) {
    return a.xmin + turn <= b.xmax && b.xmin <= a.xmax + turn && a.ymin <= b.ymax && b.ymin <= a.ymax;
  });
}

// Latitude 90 is one point: what reaches it touches all else that does.
bool share_a_pole(const grid::Bounds& a, const grid::Bounds& b) {
  return (a.ymax == 90 && b.ymax == 90) || (a.ymin == -90 && b.ymin == -90);
}

template <class Test>
bool any_pair(const std::vector<grid::PlanarPart>& a, const std::vector<grid::PlanarPart>& b, Test test) {
  return std::ranges::any_of(
      a, [&](const auto& x) { return std::ranges::any_of(b, [&](const auto& y) { return test(x.box, y.box); }); });
}

int dimension(const std::vector<grid::PlanarPart>& parts) {
  int greatest = 0;
  for (const auto& part : parts) greatest = std::max(greatest, static_cast<int>(part.kind));  // point, line, polygon
  return greatest;
}

}  // namespace

Relation turned_round(Relation relation) {
  if (relation == Relation::kContains) return Relation::kWithin;
  return relation == Relation::kWithin ? Relation::kContains : relation;
}

Result<Spatial::Drawn> Spatial::read(std::string_view wkb) {
  grid::Footprint footprint;
  EC_TRY(grid::read_wkb(wkb, footprint));
  Drawn drawn{.wkb = std::string(wkb), .parts = {}, .once = {}, .turned = {}, .prepared = {}};
  for (const auto& part : footprint.parts) drawn.parts.push_back(grid::draw_in_plane(footprint, part));
  return drawn;
}

Result<grid::Geos::Geometry> Spatial::unite(const Drawn& drawn, const std::vector<double>& turns) {
  std::vector<GEOSGeometry*> parts;
  for (const auto& part : drawn.parts) {
    for (const double turn : turns) {
      auto geometry = geos_.geometry(part, turn);
      if (!geometry) {
        for (auto* const made : parts) GEOSGeom_destroy_r(geos_.context(), made);
        return std::unexpected(geometry.error());
      }
      parts.push_back(geometry->release());
    }
  }
  const auto count = static_cast<unsigned>(parts.size());
  const auto all =
      geos_.own(GEOSGeom_createCollection_r(geos_.context(), GEOS_GEOMETRYCOLLECTION, parts.data(), count));
  if (!all) return geos_.failure("collect a geometry");
  auto together = geos_.own(GEOSUnaryUnion_r(geos_.context(), all.get()));
  if (together) return together;
  // Rings that cross themselves.
  const auto valid = geos_.own(GEOSMakeValid_r(geos_.context(), all.get()));
  if (valid) together = geos_.own(GEOSUnaryUnion_r(geos_.context(), valid.get()));
  if (!together) return geos_.failure("unite the parts of a geometry");
  return together;
}

Result<const GEOSGeometry*> Spatial::once(Drawn& drawn) {
  if (!drawn.once) {
    EC_ASSIGN_OR_RETURN(drawn.once, unite(drawn, {0}));
  }
  return drawn.once.get();
}

Result<const GEOSGeometry*> Spatial::turned(Drawn& drawn) {
  if (!drawn.turned) {
    EC_ASSIGN_OR_RETURN(drawn.turned, unite(drawn, {std::begin(kTurns), std::end(kTurns)}));
  }
  return drawn.turned.get();
}

Result<bool> Spatial::answer(char said) const {
  if (said == kFailed) return geos_.failure("compare two geometries");
  return said == 1;
}

Result<bool> Spatial::intersect(Drawn& a, Drawn& b) {
  if (any_pair(a.parts, b.parts, share_a_pole)) return true;
  EC_ASSIGN_OR_RETURN(const auto* const geometry, once(a));
  if (!b.prepared) {
    EC_ASSIGN_OR_RETURN(const auto* const other, turned(b));
    EC_ASSIGN_OR_RETURN(b.prepared, geos_.prepare(*other));
  }
  return geos_.intersects(*b.prepared, *geometry);
}

Result<bool> Spatial::matches(Drawn& a, Drawn& b, const char* pattern) {
  EC_ASSIGN_OR_RETURN(const auto* const x, once(a));
  EC_ASSIGN_OR_RETURN(const auto* const y, turned(b));
  return answer(GEOSRelatePattern_r(geos_.context(), x, y, pattern));
}

Result<bool> Spatial::covers(Drawn& a, Drawn& b) {
  EC_ASSIGN_OR_RETURN(const auto* const x, turned(a));
  EC_ASSIGN_OR_RETURN(const auto* const y, once(b));
  return answer(GEOSCovers_r(geos_.context(), x, y));
}

Result<bool> Spatial::related(Relation relation, std::string_view a_wkb, std::string_view b_wkb) {
  if (last_.wkb != b_wkb) {
    EC_ASSIGN_OR_RETURN(last_, read(b_wkb));
  }
  EC_ASSIGN_OR_RETURN(auto a, read(a_wkb));
  const bool apart =
      !any_pair(a.parts, last_.parts, [](const auto& x, const auto& y) { return meet(x, y) || share_a_pole(x, y); });
  if (apart) return relation == Relation::kDisjoint;
  return compare(relation, a, last_);
}

Result<bool> Spatial::compare(Relation relation, Drawn& a, Drawn& b) {
  const int of_a = dimension(a.parts), of_b = dimension(b.parts);
  switch (relation) {
    case Relation::kIntersects:
      return intersect(a, b);
    case Relation::kDisjoint: {
      EC_ASSIGN_OR_RETURN(const bool meeting, intersect(a, b));
      return !meeting;
    }
    case Relation::kWithin:
      return matches(a, b, "T*F**F***");
    case Relation::kContains:
      return matches(b, a, "T*F**F***");
    case Relation::kTouches: {
      EC_ASSIGN_OR_RETURN(const auto* const x, once(a));
      EC_ASSIGN_OR_RETURN(const auto* const y, turned(b));
      return answer(GEOSTouches_r(geos_.context(), x, y));
    }
    case Relation::kEquals: {
      EC_ASSIGN_OR_RETURN(const bool inside, covers(b, a));
      if (!inside) return false;
      return covers(a, b);
    }
    case Relation::kCrosses:
      if (of_a == of_b) return of_a == 1 ? matches(a, b, "0********") : false;
      // The one of fewer dimensions lies partly in the other: only its own turn may be asked for what lies outside.
      return of_a < of_b ? matches(a, b, "T*T******") : matches(b, a, "T*T******");
    case Relation::kOverlaps: {
      if (of_a != of_b) return false;
      // On three turns `b` always reaches beyond `a`: that it does so on one is asked by itself.
      EC_ASSIGN_OR_RETURN(const bool whole, covers(a, b));
      if (whole) return false;
      return matches(a, b, overlap_pattern(of_a));
    }
  }
  return false;
}

}  // namespace earthcatalog::cql2
