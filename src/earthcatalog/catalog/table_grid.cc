#include "earthcatalog/catalog/table_grid.h"

#include <charconv>
#include <cstdint>

#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

// Of the specification, where a table neither says its resolution nor has files that show it.
constexpr int kUsualResolution = 1;

std::unexpected<Error> another_grid(std::string_view what, std::string_view table, std::string_view asked,
                                    std::string_view option) {
  return fail(
      ErrorKind::kUnsupported,
      "the table has {} {}, asked for was {}; leave {} out, or make another table in another catalog and warehouse",
      what, table, asked, option);
}

Status check_type(std::string_view type) {
  if (type == "h3" || type == "geojson" || type == "python") return {};
  return fail(ErrorKind::kUnsupported, "grid type \"{}\" is not supported: only h3 and geojson are", type);
}

// The boundaries as the table names them: a full URI.
Result<std::string> boundaries_uri(const GridRequest& asked) { return storage::normalize_uri(*asked.boundaries_path); }

std::string property(const iceberg::Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found != properties.end() ? found->second : std::string();
}

}  // namespace

Result<TableGrid> read_grid(const iceberg::Properties& properties) {
  TableGrid grid;
  if (const auto type = property(properties, kGridTypeProperty); !type.empty()) grid.type = type;
  if (const auto text = property(properties, kGridResolutionProperty); !text.empty()) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fail(ErrorKind::kInvalidData, "the table property {} is no number: \"{}\"", kGridResolutionProperty, text);
    }
    grid.resolution = value;
  }
  grid.boundaries_path = property(properties, kBoundariesPathProperty);
  grid.id_field = property(properties, kIdFieldProperty);
  grid.python = property(properties, kPythonGridProperty);
  return grid;
}

iceberg::Properties grid_properties(const grid::GridSpec& grid) {
  iceberg::Properties properties{{std::string(kGridTypeProperty), grid.type}};
  const bool has_resolution = grid.type == "h3" || (grid.type == "python" && grid.resolution != grid::kNoResolution);
  if (has_resolution) properties.emplace(kGridResolutionProperty, std::to_string(grid.resolution));
  if (grid.type == "python") properties.emplace(kPythonGridProperty, grid.python);
  if (grid.type == "geojson") {
    properties.emplace(kBoundariesPathProperty, grid.boundaries_path);
    properties.emplace(kIdFieldProperty, grid.id_field);
  }
  return properties;
}

// An index is a 64-bit number in hexadecimal: mode 1 (cell) in bits 59-62, the resolution in bits 52-55.
std::optional<int> h3_resolution_of(std::string_view cell) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), index, 16);
  if (error != std::errc() || end != cell.data() + cell.size() || (index >> 59) != 1) return std::nullopt;
  return static_cast<int>(index >> 52 & 15);
}

Result<grid::GridSpec> grid_of_table(const TableGrid& table, const GridRequest& asked) {
  grid::GridSpec grid;
  grid.type = table.type.value_or("h3");
  EC_TRY(annotate(check_type(grid.type), "the table"));
  if (asked.type && *asked.type != grid.type) {
    return another_grid("grid", grid.type, *asked.type, asked.python ? "the partitioner" : "`grid`");
  }
  if (grid.type != "geojson") {
    if (table.resolution && asked.resolution && *table.resolution != *asked.resolution) {
      return another_grid("H3 resolution", std::to_string(*table.resolution), std::to_string(*asked.resolution),
                          "`h3_resolution`");
    }
    if (asked.python && *asked.python != table.python) {
      return another_grid("Python partitioner", table.python, *asked.python, "it");
    }
    const int none = grid.type == "h3" ? kUsualResolution : grid::kNoResolution;
    grid.resolution = table.resolution.value_or(asked.resolution.value_or(none));
    grid.python = table.python;
    return grid;
  }
  grid.boundaries_path = table.boundaries_path;
  grid.id_field = table.id_field;
  if (asked.boundaries_path) {
    EC_ASSIGN_OR_RETURN(const std::string uri, boundaries_uri(asked));
    if (grid.boundaries_path.empty()) grid.boundaries_path = uri;
    if (storage::place_key(grid.boundaries_path) != uri) {
      return another_grid("boundaries", grid.boundaries_path, uri, "`boundaries`");
    }
  }
  if (asked.id_field) {
    if (grid.id_field.empty()) grid.id_field = *asked.id_field;
    if (grid.id_field != *asked.id_field) return another_grid("id field", grid.id_field, *asked.id_field, "`id_field`");
  }
  return grid;
}

Result<grid::GridSpec> grid_of_new_table(const GridRequest& asked, std::optional<int> default_resolution) {
  grid::GridSpec grid;
  grid.type = asked.type.value_or("h3");
  EC_TRY(check_type(grid.type));
  if (grid.type == "h3") {
    const auto resolution = asked.resolution ? asked.resolution : default_resolution;
    if (!resolution) {
      return fail(ErrorKind::kInvalidArgument,
                  "there is no table yet, so its H3 resolution must be given: `h3_resolution`");
    }
    grid.resolution = *resolution;
    return grid;
  }
  if (grid.type == "python") {
    if (!asked.python) {
      return fail(ErrorKind::kInvalidArgument, "a python grid needs a partitioner, which Python alone can give");
    }
    grid.python = *asked.python;
    grid.resolution = asked.resolution.value_or(grid::kNoResolution);
    return grid;
  }
  if (!asked.boundaries_path || !asked.id_field) {
    return fail(ErrorKind::kInvalidArgument, "a geojson grid needs `boundaries` and `id_field`");
  }
  EC_ASSIGN_OR_RETURN(grid.boundaries_path, boundaries_uri(asked));
  grid.id_field = *asked.id_field;
  return grid;
}

}  // namespace earthcatalog::catalog
