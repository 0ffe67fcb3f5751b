#include "earthcatalog/search/query.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/search/properties.h"

namespace earthcatalog::search {
namespace {

// The H3 cells of an area. Regions of a boundaries file do not fill the globe: an item may meet the area where no
// region is, and lie elsewhere.
Result<std::optional<std::vector<grid::Cell>>> cells_of(const Area& area, const grid::Partitioner& grid) {
  std::vector<grid::Cell> cells;
  const auto covered = grid.make_coverer()->cover(area.wkb(), cells);
  if (covered) return cells;
  // More cells than one cover has: the boxes of the rows decide alone.
  if (covered.error().kind == ErrorKind::kUnsupported) return std::nullopt;
  return std::unexpected(covered.error());
}

}  // namespace

// Rows of ours lie in every cell that their footprint touches, one of them marked as primary. Nobody answers for rows
// of other engines, nor for snapshots that have expired.
bool all_rows_are_ours(const read::TableReader& table) {
  const auto& snapshots = table.table().metadata().snapshots;
  // `register` takes files as they are.
  const auto ours = [](const iceberg::Snapshot& snapshot) {
    const auto command = snapshot.summary.find(catalog::kCommandSummary);
    return snapshot.summary.contains(catalog::kRunIdSummary) && command != snapshot.summary.end() &&
           command->second != "register";
  };
  const auto first = [](const iceberg::Snapshot& snapshot) { return !snapshot.parent_snapshot_id; };
  return std::ranges::all_of(snapshots, ours) && std::ranges::any_of(snapshots, first);
}

Result<BoundQuery> bind(const read::TableReader& table, Query query) {
  BoundQuery bound{.table = table, .query = std::move(query)};
  const bool ours = all_rows_are_ours(table);
  bound.chosen = ours ? Chosen::kPrimary : Chosen::kNewest;
  if (bound.query.filter) {
    Properties properties(table.schema());
    const auto resolve = [&](std::string_view name) { return properties.resolve(name); };
    // What makes no sense without a table has been refused by cql2::check().
    if (const auto filter = cql2::Predicate::bind(*bound.query.filter, resolve); !filter) {
      return fail(ErrorKind::kUnsupported, "{}", filter.error().message);
    }
    bound.unknown = properties.unknown();
  }
  if (!bound.query.area) return bound;
  EC_ASSIGN_OR_RETURN(auto area, Area::make(*bound.query.area));
  bound.area = std::make_shared<const Area>(std::move(area));
  if (ours && table.grid().type == "h3") {
    EC_ASSIGN_OR_RETURN(bound.grid, grid::make_partitioner(table.stores(), table.grid()));
    EC_ASSIGN_OR_RETURN(bound.cells, cells_of(*bound.area, *bound.grid));
    if (bound.cells) bound.chosen = Chosen::kSmallestCell;
  }
  return bound;
}

}  // namespace earthcatalog::search
