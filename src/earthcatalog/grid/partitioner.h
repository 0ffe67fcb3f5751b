// Footprints to grid cells. A cell is a 64-bit handle, and its partitioner knows its name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {
class Stores;
}

namespace earthcatalog::grid {

using Cell = std::uint64_t;

/// The cell of items without a place; named "__none__".
inline constexpr Cell kNoCell = 0;
inline constexpr std::string_view kNoCellName = "__none__";

/// Covers footprints. Has caches and scratch memory of its own: one per thread.
class Coverer {
 public:
  virtual ~Coverer() = default;
  /// Replaces `cells` by the cells that the footprint touches, in the bytewise order of their names, each once;
  /// {kNoCell} when it touches none. `wkb` is ISO WKB in degrees lon/lat as the stac module writes it: finite,
  /// latitudes in [-90, 90], rings closed. kInvalidData when it is not; kUnsupported for a footprint of more cells than
  /// kMaxCoverCells (h3_cover.h). These two are said of the footprint alone, which is then without a place; any other
  /// error ends the run. docs/format/grid.md says what touching means.
  virtual Status cover(std::string_view wkb, std::vector<Cell>& cells) = 0;
  /// How many footprints cover_many() likes to have at a time; 1: it is no cheaper than cover().
  virtual std::size_t most_at_once() const { return 1; }
  /// Returns what cover() says of each footprint.
  virtual std::vector<Result<std::vector<Cell>>> cover_many(std::span<const std::string> footprints);
};

inline constexpr int kNoResolution = -1;

struct GridSpec {
  std::string type = "h3";        ///< "h3", "geojson" or "python"
  int resolution = 1;             ///< h3; python: of a partitioner that has one, else kNoResolution
  std::string boundaries_path{};  ///< geojson: path or URI
  std::string id_field{};         ///< geojson: the property that names a region; empty: "id"
  std::string python{};           ///< python: the partitioner's class, "module.QualName"
};

/// A grid. Immutable, safe to share between threads.
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  virtual std::unique_ptr<Coverer> make_coverer() const = 0;
  virtual std::string name(Cell cell) const = 0;
  /// The cell of a name, kNoCell for "__none__", nothing for a name that this grid does not have.
  virtual std::optional<Cell> find(std::string_view name) const = 0;
};

/// kInvalidArgument for an unknown type, for "python" (only a caller has that partitioner), a resolution outside 0-15,
/// a boundaries file without that field or with ids that cannot be parts of a path; kNotFound for a missing file;
/// kInvalidData for one that is no GeoJSON of polygons.
Result<std::shared_ptr<const Partitioner>> make_partitioner(storage::Stores& stores, const GridSpec& spec);

/// kInvalidArgument when `name` cannot be a cell's: names are parts of paths (docs/format/grid.md, "Regions").
Status check_cell_name(std::string_view name);

}  // namespace earthcatalog::grid
