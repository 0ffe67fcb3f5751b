#include "earthcatalog/grid/partitioner.h"

#include "earthcatalog/grid/h3_partitioner.h"

namespace earthcatalog::grid {

Result<std::shared_ptr<const Partitioner>> make_partitioner(storage::Stores&, const GridSpec& spec) {
  if (spec.type == "h3") return make_h3_partitioner(spec.resolution);
  return fail(ErrorKind::kInvalidArgument,
              "grid type '{}' does not exist here; the grids are 'h3' (cells of one resolution) and 'geojson' (regions "
              "of a boundaries file)",
              spec.type);
}

}  // namespace earthcatalog::grid
