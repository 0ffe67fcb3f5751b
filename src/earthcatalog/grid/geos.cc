#include "earthcatalog/grid/geos.h"

#include <algorithm>

namespace earthcatalog::grid {

Geos::Geos() : context_(GEOS_init_r()) {
  GEOSContext_setErrorMessageHandler_r(
      context_, [](const char* message, void* self) { static_cast<Geos*>(self)->message_ = message; }, this);
}

Geos::~Geos() { GEOS_finish_r(context_); }

std::unexpected<Error> Geos::failure(const char* what) const {
  return fail(ErrorKind::kInvalidData, "GEOS could not {}: {}", what, message_);
}

Geos::Geometry Geos::own(GEOSGeometry* geometry) const {
  return {geometry, [context = context_](GEOSGeometry* g) { GEOSGeom_destroy_r(context, g); }};
}

/// GEOS demands a number of vertices: the last one is repeated up to `least`.
GEOSCoordSequence* Geos::sequence(const std::vector<LonLat>& path, double shift_deg, std::size_t least) const {
  const std::size_t size = std::max(least, path.size());
  GEOSCoordSequence* sequence = GEOSCoordSeq_create_r(context_, static_cast<unsigned>(size), 2);
  for (std::size_t i = 0; sequence != nullptr && i < size; ++i) {
    const LonLat& p = path[std::min(i, path.size() - 1)];
    GEOSCoordSeq_setXY_r(context_, sequence, static_cast<unsigned>(i), p.lon + shift_deg, p.lat);
  }
  return sequence;
}

Geos::Geometry Geos::polygon(const PlanarPart& part, double shift_deg) {
  constexpr std::size_t kLeastOfRing = 4;
  std::vector<GEOSGeometry*> rings;
  bool whole = true;
  for (const auto& path : part.paths) {
    rings.push_back(GEOSGeom_createLinearRing_r(context_, sequence(path, shift_deg, kLeastOfRing)));
    whole = whole && rings.back() != nullptr;
  }
  if (whole) {
    return own(GEOSGeom_createPolygon_r(context_, rings[0], rings.data() + 1, static_cast<unsigned>(rings.size() - 1)));
  }
  for (auto* ring : rings) {
    if (ring != nullptr) GEOSGeom_destroy_r(context_, ring);
  }
  return own(nullptr);
}

/// The ends of such a polygon are one meridian: a hole may lie across it and must be cut out at both ends.
Geos::Geometry Geos::polygon_round_globe(const PlanarPart& part, double shift_deg) {
  const auto valid_ring = [&](const std::vector<LonLat>& ring, double shift) {
    const auto simple = polygon({part.kind, {ring}, {}, false}, shift);
    return own(simple ? GEOSMakeValid_r(context_, simple.get()) : nullptr);
  };
  Geometry rest = valid_ring(part.paths[0], shift_deg);
  for (std::size_t i = 1; i < part.paths.size(); ++i) {
    for (const double turn : {-360.0, 0.0, 360.0}) {
      const auto hole = valid_ring(part.paths[i], shift_deg + turn);
      if (!rest || !hole) return own(nullptr);
      rest = own(GEOSDifference_r(context_, rest.get(), hole.get()));
    }
  }
  return rest;
}

Result<Geos::Geometry> Geos::geometry(const PlanarPart& part, double shift_deg) {
  Geometry made = own(nullptr);
  if (part.kind == Footprint::Kind::kPoint) {
    made = own(GEOSGeom_createPoint_r(context_, sequence(part.paths[0], shift_deg, 1)));
  } else if (part.kind == Footprint::Kind::kLine) {
    made = own(GEOSGeom_createLineString_r(context_, sequence(part.paths[0], shift_deg, 2)));
  } else if (part.round_globe && part.paths.size() > 1) {
    made = polygon_round_globe(part, shift_deg);
  } else {
    made = polygon(part, shift_deg);
  }
  if (!made) return failure("draw a geometry");
  return made;
}

Result<Geos::Prepared> Geos::prepare(const GEOSGeometry& geometry) {
  const auto* prepared = GEOSPrepare_r(context_, &geometry);
  if (prepared == nullptr) return failure("prepare a region");
  return Prepared(prepared, [context = context_](const auto* p) { GEOSPreparedGeom_destroy_r(context, p); });
}

Result<bool> Geos::intersects(const GEOSPreparedGeometry& prepared, const GEOSGeometry& other) {
  const char answer = GEOSPreparedIntersects_r(context_, &prepared, &other);
  if (answer != 0 && answer != 1) return failure("compare a footprint with a region");
  return answer == 1;
}

Result<Geos::Tree> Geos::make_tree() {
  constexpr std::size_t kNodeCapacity = 10;
  auto* tree = GEOSSTRtree_create_r(context_, kNodeCapacity);
  if (tree == nullptr) return failure("make an index");
  return Tree(tree, [context = context_](GEOSSTRtree* t) { GEOSSTRtree_destroy_r(context, t); });
}

Geos::Geometry Geos::rectangle(const Bounds& box) const {
  // A line: a box without width or height is no rectangle to GEOS.
  return own(GEOSGeom_createLineString_r(context_, sequence({{box.xmin, box.ymin}, {box.xmax, box.ymax}}, 0, 2)));
}

Status Geos::insert(GEOSSTRtree& tree, const Bounds& box, void* item) {
  const auto diagonal = rectangle(box);
  if (!diagonal) return failure("index a region");
  GEOSSTRtree_insert_r(context_, &tree, diagonal.get(), item);
  return {};
}

Status Geos::query(GEOSSTRtree& tree, const Bounds& box, const std::function<void(void*)>& visit) {
  const auto diagonal = rectangle(box);
  if (!diagonal) return failure("ask the index of regions");
  const auto forward = [](void* item, void* function) {
    (*static_cast<const std::function<void(void*)>*>(function))(item);
  };
  GEOSSTRtree_query_r(context_, &tree, diagonal.get(), forward, const_cast<std::function<void(void*)>*>(&visit));
  return {};
}

}  // namespace earthcatalog::grid
