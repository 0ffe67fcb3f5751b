#include "earthcatalog/catalog/table_facts.h"

#include <utility>

#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

constexpr std::string_view kTableFolder = "/earthcatalog/stac_items";

// The warehouse that a table lies in; empty when its metadata do not tell.
std::string warehouse_of(const iceberg::TableMetadata& metadata) {
  if (const auto data = metadata.property(kDataPathProperty)) return storage::place_key(*data);
  std::string location = storage::place_key(metadata.location);
  if (!location.ends_with(kTableFolder)) return {};
  location.resize(location.size() - kTableFolder.size());
  return location;
}

Result<std::string> choose_warehouse(const iceberg::TableMetadata& metadata, const std::string& asked) {
  std::string of_table = warehouse_of(metadata);
  if (of_table.empty() && asked.empty()) {
    return fail(ErrorKind::kInvalidArgument, "the table does not say where its files lie; give `warehouse`");
  }
  if (!of_table.empty() && !asked.empty() && of_table != asked) {
    return fail(ErrorKind::kUnsupported, "the table's warehouse is {}, given was {}; leave `warehouse` out", of_table,
                asked);
  }
  return asked.empty() ? std::move(of_table) : asked;
}

std::string_view name_of(stac::SchemaKind kind) { return kind == stac::SchemaKind::kItslive ? "itslive" : "auto"; }

// The resolution of the first file's cell that is one of H3; nothing when there is none.
Result<std::optional<int>> resolution_of_files(const iceberg::Table& table) {
  std::optional<int> resolution;
  iceberg::ListFilesOptions options;
  options.statistics = false;
  const auto listed = table.list_files(options, [&](iceberg::DataFile&& file) -> Status {
    if (file.partition.cell) resolution = h3_resolution_of(*file.partition.cell);
    return resolution ? fail(ErrorKind::kCancelled, "seen enough") : Status{};
  });
  if (!listed && !resolution) return std::unexpected(listed.error());
  return resolution;
}

Result<grid::GridSpec> choose_grid(const iceberg::Table& table, const AskedTable& asked) {
  EC_ASSIGN_OR_RETURN(TableGrid grid, read_grid(table.metadata().properties));
  if (grid.type.value_or("h3") == "h3" && !grid.resolution) {
    EC_ASSIGN_OR_RETURN(grid.resolution, resolution_of_files(table));
  }
  return grid_of_table(grid, asked.grid);
}

}  // namespace

Result<TableFacts> read_facts(const iceberg::Table& table, const AskedTable& asked) {
  TableFacts facts;
  EC_TRY(iceberg::partition_layout(table.metadata().default_spec()));
  EC_ASSIGN_OR_RETURN(facts.schema, recognize(table.schema()));
  const auto kind = facts.schema.columns.kind;
  if (asked.schema && *asked.schema != kind) {
    return fail(ErrorKind::kUnsupported,
                "the table has the schema {}, asked for was {}; leave `schema` out, or make another table in another "
                "catalog and warehouse",
                name_of(kind), name_of(*asked.schema));
  }
  EC_ASSIGN_OR_RETURN(facts.grid, choose_grid(table, asked));
  EC_ASSIGN_OR_RETURN(facts.warehouse, choose_warehouse(table.metadata(), asked.warehouse));
  return facts;
}

Result<index::IndexManifest> object_index_of(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.property(kObjectIndexProperty);
  return property ? index::IndexManifest::parse(*property) : index::IndexManifest();
}

}  // namespace earthcatalog::catalog
