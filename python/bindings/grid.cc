#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/grid/any_wkb.h"
#include "earthcatalog/grid/geometry_text.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/grid/regions.h"
#include "work.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

using Names = std::vector<std::string>;

Result<grid::GridSpec> parse_spec(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::kInvalidArgument, "the grid is no JSON object");
  grid::GridSpec spec;
  spec.type = json.value("type", spec.type);
  spec.resolution = json.value("resolution", spec.resolution);
  spec.boundaries_path = json.value("boundaries_path", spec.boundaries_path);
  spec.id_field = json.value("id_field", spec.id_field);
  return spec;
}

Result<std::shared_ptr<const grid::Partitioner>> make_grid(const std::string& spec, const std::string& storage) {
  EC_ASSIGN_OR_RETURN(const auto parsed, parse_spec(spec));
  EC_ASSIGN_OR_RETURN(const auto settings, cli::call_storage(storage));
  storage::Stores stores(settings);
  return grid::make_partitioner(stores, parsed);
}

Result<Names> region_names(const std::string& spec, const std::string& storage) {
  EC_ASSIGN_OR_RETURN(const auto parsed, parse_spec(spec));
  if (parsed.type != "geojson")
    return fail(ErrorKind::kUnsupported, "the cells of a grid {} have no list", parsed.type);
  EC_ASSIGN_OR_RETURN(const auto settings, cli::call_storage(storage));
  storage::Stores stores(settings);
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(parsed.boundaries_path));
  EC_ASSIGN_OR_RETURN(const auto file, where.store->get(where.key));
  if (!file) return fail(ErrorKind::kNotFound, "there is no {}", where.uri());
  EC_ASSIGN_OR_RETURN(auto regions, grid::read_regions(file->bytes, parsed.id_field.empty() ? "id" : parsed.id_field));
  return std::move(regions.ids);
}

// A grid for many threads of Python.
class GridHandle {
 public:
  GridHandle(const std::string& spec, const std::string& storage)
      : spec_(spec), storage_(storage), grid_(finished([&] { return make_grid(spec, storage); })) {}

  Names names() const {
    return finished([&] { return region_names(spec_, storage_); });
  }

  Names cover(const nb::bytes& wkb) {
    const std::string_view view(wkb.c_str(), wkb.size());
    return finished([&] { return names_of(view); });
  }

  std::vector<Names> cover_many(const std::vector<nb::bytes>& footprints) {
    std::vector<std::string_view> views;
    for (const auto& wkb : footprints) views.emplace_back(wkb.c_str(), wkb.size());
    return finished([&]() -> Result<std::vector<Names>> {
      std::vector<Names> all;
      for (const auto view : views) {
        EC_ASSIGN_OR_RETURN(auto names, names_of(view));
        all.push_back(std::move(names));
      }
      return all;
    });
  }

  Names cover_text(const std::string& text) {
    return finished([&]() -> Result<Names> {
      EC_ASSIGN_OR_RETURN(const auto wkb, grid::wkb_of_text(text));
      return names_of(wkb);
    });
  }

 private:
  Result<Names> names_of(std::string_view any_wkb) {
    EC_ASSIGN_OR_RETURN(const auto wkb, grid::iso_wkb(any_wkb));
    auto coverer = take();
    std::vector<grid::Cell> cells;
    const auto covered = coverer->cover(wkb, cells);
    give_back(std::move(coverer));
    EC_TRY(covered);
    Names names;
    for (const auto cell : cells) {
      if (cell != grid::kNoCell) names.push_back(grid_->name(cell));
    }
    std::ranges::sort(names);
    return names;
  }

  std::unique_ptr<grid::Coverer> take() {
    const MutexLock lock(mutex_);
    if (idle_.empty()) return grid_->make_coverer();
    auto coverer = std::move(idle_.back());
    idle_.pop_back();
    return coverer;
  }

  void give_back(std::unique_ptr<grid::Coverer> coverer) {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(coverer));
  }

  const std::string spec_, storage_;
  const std::shared_ptr<const grid::Partitioner> grid_;
  Mutex mutex_;
  std::vector<std::unique_ptr<grid::Coverer>> idle_
      EC_GUARDED_BY(mutex_);  // one per thread that was in cover() at once
};

}  // namespace

void add_grid(nb::module_& module) {
  nb::class_<GridHandle>(module, "GridHandle",
                         "A grid by its JSON: type (h3, geojson), resolution, boundaries_path, id_field. Thread-safe.")
      .def(nb::init<const std::string&, const std::string&>(), "spec"_a, "storage"_a = "{}")
      .def("cover", &GridHandle::cover, "wkb"_a,
           "The names of the cells that a footprint touches, ascending; WKB as ISO or PostGIS writes it.")
      .def("names", &GridHandle::names, "The names of all regions of a geojson grid, ascending.")
      .def("cover_many", &GridHandle::cover_many, "wkb"_a)
      .def("cover_text", &GridHandle::cover_text, "text"_a, "Of GeoJSON (a geometry, Feature or collection) or WKT.");
  module.def(
      "cover_geojson",
      [](const std::string& spec, const std::string& text, const std::string& storage) {
        return GridHandle(spec, storage).cover_text(text);
      },
      "grid_spec"_a, "text"_a, "storage"_a = "{}", "GridHandle(grid_spec).cover_text(text), once.");
}

}  // namespace earthcatalog::python
