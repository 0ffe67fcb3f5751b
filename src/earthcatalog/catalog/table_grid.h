// Which grid a run uses: what the user asked for against what the table is made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/result.h"

namespace earthcatalog::catalog {

/// What a table says of its grid. Tables of the peer may lack parts of it.
struct TableGrid {
  std::optional<std::string> type;
  std::optional<int> resolution;
  std::string boundaries_path, id_field;
  std::string python{};
};
Result<TableGrid> read_grid(const iceberg::Properties& properties);
iceberg::Properties grid_properties(const grid::GridSpec& grid);

/// The resolution of an H3 cell by its name, nothing for other names.
std::optional<int> h3_resolution_of(std::string_view cell);

/// The grid of an existing table; kUnsupported when another was asked for, and for a type of grid that we do not have.
/// A resolution that nobody says is 1.
Result<grid::GridSpec> grid_of_table(const TableGrid& table, const GridRequest& asked);
/// The grid of a new table.
Result<grid::GridSpec> grid_of_new_table(const GridRequest& asked, std::optional<int> default_resolution);

}  // namespace earthcatalog::catalog
