#include "earthcatalog/grid/partitioner.h"

#include "earthcatalog/grid/geojson_partitioner.h"
#include "earthcatalog/grid/h3_partitioner.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::grid {
namespace {

Result<std::shared_ptr<const Partitioner>> read_geojson_partitioner(storage::Stores& stores, const GridSpec& spec) {
  if (spec.boundaries_path.empty()) {
    return fail(ErrorKind::kInvalidArgument, "the grid 'geojson' needs a boundaries file: pass `boundaries` FILE");
  }
  EC_ASSIGN_OR_RETURN(const storage::Location place, stores.locate(spec.boundaries_path));
  EC_ASSIGN_OR_RETURN(const auto file, place.store->get(place.key));
  if (!file) return fail(ErrorKind::kNotFound, "{}: there is no such boundaries file; check `boundaries`", place.uri());
  const std::string_view id_field = spec.id_field.empty() ? "id" : std::string_view(spec.id_field);
  return annotate(make_geojson_partitioner(file->bytes, id_field), place.uri());
}

}  // namespace

Result<std::shared_ptr<const Partitioner>> make_partitioner(storage::Stores& stores, const GridSpec& spec) {
  if (spec.type == "h3") return make_h3_partitioner(spec.resolution);
  if (spec.type == "geojson") return read_geojson_partitioner(stores, spec);
  return fail(ErrorKind::kInvalidArgument,
              "grid type '{}' does not exist here; the grids are 'h3' (cells of one resolution) and 'geojson' (regions "
              "of a boundaries file)",
              spec.type);
}

}  // namespace earthcatalog::grid
