#include "earthcatalog/read/table_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/geoparquet/position_deletes.h"

namespace earthcatalog::read {
namespace {

using Json = nlohmann::ordered_json;
using RowsByName = std::map<std::string, std::int64_t>;

std::string name_of_year(std::optional<int> year) { return year ? std::to_string(*year) : "unknown"; }
std::string_view name_of(stac::SchemaKind kind) { return kind == stac::SchemaKind::kItslive ? "itslive" : "auto"; }

std::vector<NamedRows> largest_of(const RowsByName& rows_by_name, std::size_t most) {
  std::vector<NamedRows> largest;
  for (const auto& [name, rows] : rows_by_name) largest.push_back({.name = name, .rows = rows});
  std::ranges::stable_sort(largest, std::ranges::greater{}, &NamedRows::rows);
  if (largest.size() > most) largest.resize(most);
  return largest;
}

Json grid_json(const grid::GridSpec& grid) {
  if (grid.type == "h3") return {{"type", grid.type}, {"resolution", grid.resolution}};
  if (grid.type == "python") {
    const Json resolution = grid.resolution == grid::kNoResolution ? Json() : Json(grid.resolution);
    return {{"type", grid.type}, {"python", grid.python}, {"resolution", resolution}};
  }
  return {{"type", grid.type}, {"boundaries_path", grid.boundaries_path}, {"id_field", grid.id_field}};
}

std::string grid_text(const grid::GridSpec& grid) {
  if (grid.type == "h3") return fmt::format("type {}, resolution {}", grid.type, grid.resolution);
  if (grid.type == "python") return fmt::format("type {}, python {}", grid.type, grid.python);
  return fmt::format("type {}, boundaries_path {}, id_field {}", grid.type, grid.boundaries_path, grid.id_field);
}

Json or_null(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }
std::string or_unknown(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : "unknown"; }

Json rows_json(const std::vector<NamedRows>& largest) {
  auto json = Json::object();
  for (const auto& [name, rows] : largest) json[name] = rows;
  return json;
}

std::string rows_text(std::string_view what, const std::vector<NamedRows>& largest) {
  auto text = fmt::format("largest {} by rows\n", what);
  for (const auto& [name, rows] : largest) text += fmt::format("  {:<18}{:>14} rows\n", name, rows);
  return text;
}

}  // namespace

Result<std::vector<PartitionSummary>> summarize_partitions(const TableReader& table,
                                                           const iceberg::FileFilter& filter) {
  std::map<std::pair<std::optional<std::string>, std::optional<std::int32_t>>, PartitionSummary> by_partition;
  EC_TRY(table.list_files({.filter = filter, .statistics = false}, [&](iceberg::DataFile&& file) -> Status {
    EC_ASSIGN_OR_RETURN(const auto deleted, geoparquet::deleted_rows(table.stores(), file));
    auto& partition = by_partition[{file.partition.cell, file.partition.year_since_1970}];
    ++partition.files;
    partition.bytes += file.file_size_in_bytes;
    partition.rows += file.record_count - std::ssize(deleted);
    return {};
  }));
  std::vector<PartitionSummary> partitions;
  for (auto& [key, partition] : by_partition) {
    partition.cell = key.first;
    if (key.second) partition.year = *key.second + 1970;
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

Result<std::optional<std::int64_t>> count_items(const TableReader& table) {
  if (table.snapshot() == nullptr) return 0;
  if (!table.index_is_current()) return std::nullopt;
  return table.index().count_items();
}

Result<TableSummary> summarize(const TableReader& table, std::size_t largest) {
  const auto& identifier = table.table().identifier();
  TableSummary summary{.table = identifier.name_space + "." + identifier.name,
                       .catalog = table.place().catalog,
                       .warehouse = table.place().warehouse,
                       .metadata = table.table().metadata_location(),
                       .grid = table.grid(),
                       .schema = table.item_schema().kind,
                       .columns = std::ssize(table.schema().fields),
                       .snapshots = std::ssize(table.table().metadata().snapshots),
                       .snapshot_id = table.place().snapshot_id};
  EC_ASSIGN_OR_RETURN(summary.items, count_items(table));
  EC_ASSIGN_OR_RETURN(const auto partitions, summarize_partitions(table));
  RowsByName cells, years;
  for (const auto& partition : partitions) {
    summary.files += partition.files;
    summary.bytes += partition.bytes;
    summary.rows += partition.rows;
    cells[partition.cell.value_or("null")] += partition.rows;
    years[name_of_year(partition.year)] += partition.rows;
  }
  summary.cells = std::ssize(cells);
  summary.years = std::ssize(years) - static_cast<std::int64_t>(years.count(name_of_year({})));
  summary.largest_cells = largest_of(cells, largest);
  summary.largest_years = largest_of(years, largest);
  return summary;
}

std::string to_json(const TableSummary& summary) {
  Json json;
  json["table"] = summary.table;
  json["catalog"] = summary.catalog;
  json["warehouse"] = summary.warehouse;
  json["metadata"] = summary.metadata;
  json["grid"] = grid_json(summary.grid);
  json["schema"] = name_of(summary.schema);
  json["columns"] = summary.columns;
  json["snapshots"] = summary.snapshots;
  json["snapshot_id"] = or_null(summary.snapshot_id);
  json["files"] = summary.files;
  json["bytes"] = summary.bytes;
  json["rows"] = summary.rows;
  json["items"] = or_null(summary.items);
  json["cells"] = summary.cells;
  json["years"] = summary.years;
  json["top_cells"] = rows_json(summary.largest_cells);
  json["top_years"] = rows_json(summary.largest_years);
  return json.dump();
}

std::string to_text(const TableSummary& summary) {
  std::string text;
  const auto line = [&](std::string_view name, const auto& value) { text += fmt::format("{:<12}{}\n", name, value); };
  line("table", summary.table);
  line("catalog", summary.catalog);
  line("warehouse", summary.warehouse);
  line("metadata", summary.metadata);
  line("grid", grid_text(summary.grid));
  line("schema", name_of(summary.schema));
  line("columns", summary.columns);
  line("snapshots", summary.snapshots);
  line("snapshot_id", or_unknown(summary.snapshot_id));
  line("files", summary.files);
  line("bytes", fmt::format("{}   {:.1f} MB", summary.bytes, static_cast<double>(summary.bytes) / 1e6));
  line("rows", summary.rows);
  line("items", or_unknown(summary.items));
  line("cells", summary.cells);
  line("years", summary.years);
  return text + rows_text("cells", summary.largest_cells) + rows_text("years", summary.largest_years);
}

}  // namespace earthcatalog::read
