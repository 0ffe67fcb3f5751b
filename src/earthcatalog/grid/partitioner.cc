#include "earthcatalog/grid/partitioner.h"

#include <algorithm>

#include "earthcatalog/grid/geojson_partitioner.h"
#include "earthcatalog/grid/h3_partitioner.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::grid {
namespace {

/// Characters that paths, URIs, globs or Hive partition names give a meaning of their own.
constexpr std::string_view kRefusedInNames = R"(/\%?#=*[]{}<>|":)";
constexpr std::size_t kLongestName = 200;

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

std::vector<Result<std::vector<Cell>>> Coverer::cover_many(std::span<const std::string> footprints) {
  std::vector<Result<std::vector<Cell>>> covered;
  for (const auto& footprint : footprints) {
    std::vector<Cell> cells;
    auto status = cover(footprint, cells);
    covered.push_back(status ? Result<std::vector<Cell>>(std::move(cells))
                             : std::unexpected(std::move(status).error()));
  }
  return covered;
}

Result<std::shared_ptr<const Partitioner>> make_partitioner(storage::Stores& stores, const GridSpec& spec) {
  if (spec.type == "h3") return make_h3_partitioner(spec.resolution);
  if (spec.type == "geojson") return read_geojson_partitioner(stores, spec);
  if (spec.type == "python") {
    return fail(ErrorKind::kInvalidArgument,
                "the cells of this table come from the Python partitioner {}, which was not given: run this from "
                "Python, with that partitioner",
                spec.python);
  }
  return fail(ErrorKind::kInvalidArgument,
              "grid type '{}' does not exist here; the grids are 'h3' (cells of one resolution) and 'geojson' (regions "
              "of a boundaries file)",
              spec.type);
}

Status check_cell_name(std::string_view name) {
  if (name.empty()) return fail(ErrorKind::kInvalidArgument, "a cell's name is empty");
  if (name == kNoCellName) {
    return fail(ErrorKind::kInvalidArgument, "the name '{}' is that of items without a place", name);
  }
  if (name.size() > kLongestName) {
    return fail(ErrorKind::kInvalidArgument, "the name '{}…' is longer than {} bytes", name.substr(0, 40),
                kLongestName);
  }
  const auto bad = std::ranges::find_if(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || kRefusedInNames.contains(c); });
  if (bad == name.end()) return {};
  return fail(ErrorKind::kInvalidArgument,
              "the name '{}' cannot be a part of a path: byte {} is one of {} or a control character", name,
              bad - name.begin(), kRefusedInNames);
}

}  // namespace earthcatalog::grid
