// GEOS with owners for what it hands out. Internal to the regions' cover.
#pragma once

#include <geos_c.h>

#include <functional>
#include <memory>
#include <string>

#include "earthcatalog/grid/planar.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// A context of GEOS: one per thread.
class Geos {
 public:
  using Geometry = std::unique_ptr<GEOSGeometry, std::function<void(GEOSGeometry*)>>;
  using Prepared = std::unique_ptr<const GEOSPreparedGeometry, std::function<void(const GEOSPreparedGeometry*)>>;
  using Tree = std::unique_ptr<GEOSSTRtree, std::function<void(GEOSSTRtree*)>>;

  Geos();
  ~Geos();
  Geos(const Geos&) = delete;
  Geos& operator=(const Geos&) = delete;

  /// For what this class has no word for; its errors are told by failure().
  GEOSContextHandle_t context() const { return context_; }
  /// Takes a geometry that GEOS has made; null stays null.
  Geometry own(GEOSGeometry* geometry) const;
  /// Returns the error that GEOS told last; it could not do `what`.
  std::unexpected<Error> failure(const char* what) const;

  /// The part, moved east by `shift_deg`.
  Result<Geometry> geometry(const PlanarPart& part, double shift_deg);
  Result<Prepared> prepare(const GEOSGeometry& geometry);
  Result<bool> intersects(const GEOSPreparedGeometry& prepared, const GEOSGeometry& other);

  Result<Tree> make_tree();
  /// `item` must outlive the tree.
  Status insert(GEOSSTRtree& tree, const Bounds& box, void* item);
  /// Calls `visit` with each item whose box meets `box`.
  Status query(GEOSSTRtree& tree, const Bounds& box, const std::function<void(void*)>& visit);

 private:
  Geometry rectangle(const Bounds& box) const;
  GEOSCoordSequence* sequence(const std::vector<LonLat>& path, double shift_deg, std::size_t least) const;
  Geometry polygon(const PlanarPart& part, double shift_deg);
  Geometry polygon_round_globe(const PlanarPart& part, double shift_deg);

  GEOSContextHandle_t context_;
  std::string message_;
};

}  // namespace earthcatalog::grid
