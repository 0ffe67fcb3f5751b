#include "earthcatalog/grid/geojson_partitioner.h"

#include <algorithm>

#include "earthcatalog/grid/geos.h"
#include "earthcatalog/grid/regions.h"

namespace earthcatalog::grid {
namespace {

/// Handles begin after kNoCell.
Cell cell_of(std::size_t region) { return region + 1; }

/// GEOS geometries are not safe to share between threads: each coverer draws its own, and only of the regions that
/// footprints come near to.
class RegionCoverer final : public Coverer {
 public:
  explicit RegionCoverer(std::shared_ptr<const Regions> regions)
      : regions_(std::move(regions)), drawn_(regions_->polygons.size()) {}

  Status cover(std::string_view wkb, std::vector<Cell>& cells) override {
    cells.clear();
    EC_TRY(read_wkb(wkb, footprint_));
    if (!tree_) EC_TRY(build_tree());
    for (const auto& part : footprint_.parts) {
      const PlanarPart drawn = draw_in_plane(footprint_, part);
      // Regions and parts begin in [-180, 180): no more turns than these can bring them together.
      for (const double turn : {-360.0, 0.0, 360.0}) EC_TRY(cover_turned(drawn, turn, cells));
    }
    std::ranges::sort(cells);
    cells.erase(std::ranges::unique(cells).begin(), cells.end());
    if (cells.empty()) cells.push_back(kNoCell);
    return {};
  }

 private:
  struct Drawn {
    Geos::Geometry geometry;
    Geos::Prepared prepared;
  };

  Status build_tree() {
    EC_ASSIGN_OR_RETURN(Geos::Tree tree, geos_.make_tree());
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
      EC_TRY(geos_.insert(*tree, regions_->polygons[i].shape.box, &drawn_[i]));
    }
    tree_ = std::move(tree);
    return {};
  }

  Status cover_turned(const PlanarPart& part, double turn, std::vector<Cell>& cells) {
    const Bounds box{part.box.xmin + turn, part.box.ymin, part.box.xmax + turn, part.box.ymax};
    near_.clear();
    EC_TRY(geos_.query(*tree_, box, [&](void* item) { near_.push_back(static_cast<Drawn*>(item)); }));
    if (near_.empty()) return {};
    EC_ASSIGN_OR_RETURN(const Geos::Geometry geometry, geos_.geometry(part, turn));
    for (Drawn* drawn : near_) {
      const auto& polygon = regions_->polygons[static_cast<std::size_t>(drawn - drawn_.data())];
      EC_TRY(annotate(draw(polygon.shape, *drawn), regions_->ids[polygon.region]));
      EC_ASSIGN_OR_RETURN(const bool touched, geos_.intersects(*drawn->prepared, *geometry));
      if (touched) cells.push_back(cell_of(polygon.region));
    }
    return {};
  }

  Status draw(const PlanarPart& shape, Drawn& drawn) {
    if (drawn.prepared) return {};
    EC_ASSIGN_OR_RETURN(drawn.geometry, geos_.geometry(shape, 0));
    EC_ASSIGN_OR_RETURN(drawn.prepared, geos_.prepare(*drawn.geometry));
    return {};
  }

  std::shared_ptr<const Regions> regions_;
  Geos geos_;  // before what it made, so that it goes last
  std::vector<Drawn> drawn_;
  Geos::Tree tree_;
  Footprint footprint_;
  std::vector<Drawn*> near_;
};

class RegionPartitioner final : public Partitioner {
 public:
  explicit RegionPartitioner(Regions regions) : regions_(std::make_shared<const Regions>(std::move(regions))) {}

  std::unique_ptr<Coverer> make_coverer() const override { return std::make_unique<RegionCoverer>(regions_); }

  std::string name(Cell cell) const override {
    return cell == kNoCell ? std::string(kNoCellName) : regions_->ids.at(cell - 1);
  }

  std::optional<Cell> find(std::string_view name) const override {
    if (name == kNoCellName) return kNoCell;
    const auto& ids = regions_->ids;
    const auto at = std::ranges::lower_bound(ids, name);
    if (at == ids.end() || *at != name) return std::nullopt;
    return cell_of(static_cast<std::size_t>(at - ids.begin()));
  }

 private:
  std::shared_ptr<const Regions> regions_;
};

}  // namespace

Result<std::shared_ptr<const Partitioner>> make_geojson_partitioner(std::string_view geojson,
                                                                    std::string_view id_field) {
  EC_ASSIGN_OR_RETURN(Regions regions, read_regions(geojson, id_field));
  return std::make_shared<const RegionPartitioner>(std::move(regions));
}

}  // namespace earthcatalog::grid
