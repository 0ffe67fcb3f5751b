#include "earthcatalog/search/query.h"

#include <algorithm>
#include <span>
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

// The place that a filter asks for beside all else, "S_WITHIN(geometry, POLYGON(...)) AND ...". It chooses cells and
// boxes; S_INTERSECTS is settled by it.
void take_area(Query& query) {
  auto& filter = *query.filter;
  const bool all = filter.kind == cql2::Kind::kOperation && filter.text == "and";
  const auto terms = all ? std::span(filter.args) : std::span(&filter, 1);
  const auto asks = [](const cql2::Expression& term) {
    const bool spatial =
        term.kind == cql2::Kind::kOperation && term.text.starts_with("s_") && term.text != "s_disjoint";
    const auto geometry = [](const auto& side) {
      return side.kind == cql2::Kind::kProperty && side.text == "geometry";
    };
    const auto literal = [](const auto& side) { return side.kind == cql2::Kind::kGeometry; };
    return spatial && std::ranges::any_of(term.args, geometry) && std::ranges::any_of(term.args, literal);
  };
  const auto term = std::ranges::find_if(terms, asks);
  if (term == terms.end()) return;
  const auto& area = std::ranges::find(term->args, cql2::Kind::kGeometry, &cql2::Expression::kind)->text;
  if (!Area::make(area)) return;  // an empty one: the filter itself says no
  query.area = area;
  if (term->text != "s_intersects") return;
  if (!all) {
    query.filter.reset();
  } else if (filter.args.size() > 2) {
    filter.args.erase(filter.args.begin() + (term - terms.begin()));
  } else {
    auto other = std::move(filter.args[term == terms.begin() ? 1 : 0]);
    filter = std::move(other);
  }
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
    if (!bound.query.area && table.schema().find("geometry") != nullptr) take_area(bound.query);
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
