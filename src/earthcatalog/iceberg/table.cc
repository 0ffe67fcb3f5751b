#include "earthcatalog/iceberg/table.h"

#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/iceberg/metadata/random_internal.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::iceberg {
namespace {

// Columns that hold JSON or geometry: bounds of them would help nobody and fill the manifests.
constexpr std::string_view kColumnsWithoutBounds[] = {"geometry", "assets",          "links",
                                                      "bbox",     "stac_extensions", "stac_extra"};

Properties default_properties(const CreateTableOptions& options, const Schema& schema) {
  Properties properties{{"write.data.path", options.warehouse},
                        {"write.parquet.compression-codec", "zstd"},
                        {"write.parquet.row-group-limit", "25000"},
                        {"write.metadata.previous-versions-max", "100"},
                        {"schema.name-mapping.default", name_mapping_json(schema)}};
  for (const std::string_view column : kColumnsWithoutBounds) {
    if (schema.find(column) != nullptr) properties[fmt::format("write.metadata.metrics.column.{}", column)] = "none";
  }
  for (const auto& [key, value] : options.properties) properties[key] = value;
  return properties;
}

Result<TableMetadata> initial_metadata(const CreateTableOptions& options, const TableIdentifier& identifier,
                                       Clock clock) {
  TableMetadata metadata;
  Schema schema = options.keep_ids ? options.schema : assign_fresh_ids(options.schema);
  schema.schema_id = 0;
  EC_ASSIGN_OR_RETURN(const PartitionSpec spec, grid_partition_spec(schema));
  EC_ASSIGN_OR_RETURN(const std::string warehouse, storage::normalize_uri(options.warehouse));
  metadata.table_uuid = options.table_uuid.empty() ? random_uuid() : options.table_uuid;
  metadata.location = storage::join_uri(storage::join_uri(warehouse, identifier.name_space), identifier.name);
  metadata.last_updated_ms = clock() / 1000;
  metadata.last_column_id = schema.highest_field_id();
  metadata.last_partition_id = spec.fields.back().field_id;
  metadata.partition_specs = {spec};
  metadata.sort_orders = R"([{"order-id":0,"fields":[]}])";
  CreateTableOptions normalized = options;
  normalized.warehouse = warehouse;
  metadata.properties = default_properties(normalized, schema);
  metadata.schemas = {std::move(schema)};
  return metadata;
}

}  // namespace

Table::Table(storage::Stores& stores, Catalog* catalog, TableIdentifier identifier)
    : stores_(&stores), catalog_(catalog), identifier_(std::move(identifier)) {}

Status Table::read_metadata(std::string location) {
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_immutable(*stores_, location, "table metadata"));
  EC_ASSIGN_OR_RETURN(TableMetadata metadata, parse_table_metadata(bytes, location));
  metadata_ = std::make_shared<const TableMetadata>(std::move(metadata));
  metadata_location_ = std::move(location);
  return {};
}

Result<std::optional<Table>> Table::find(storage::Stores& stores, Catalog& catalog, const TableIdentifier& identifier) {
  Table table(stores, &catalog, identifier);
  EC_ASSIGN_OR_RETURN(const bool found, table.find_newest());
  return found ? std::optional(std::move(table)) : std::nullopt;
}

Result<Table> Table::load(storage::Stores& stores, Catalog& catalog, const TableIdentifier& identifier) {
  Table table(stores, &catalog, identifier);
  EC_TRY(table.refresh());
  return table;
}

// False when the catalog has no such table.
Result<bool> Table::find_newest() {
  // Between the look at the pointer and the read, commits may expire the file that it named.
  for (int attempt = 0;; ++attempt) {
    EC_ASSIGN_OR_RETURN(auto location, catalog_->metadata_location(identifier_));
    if (!location) return false;
    if (*location == metadata_location_) return true;
    const Status status = read_metadata(*location);
    if (status) return true;
    if (status.error().kind != ErrorKind::kNotFound || attempt == 3) return std::unexpected(status.error());
  }
}

Status Table::refresh() {
  if (catalog_ == nullptr) return {};
  EC_ASSIGN_OR_RETURN(const bool found, find_newest());
  if (found) return {};
  return fail(ErrorKind::kNotFound, "catalog {} has no table {}.{}", catalog_->name(), identifier_.name_space,
              identifier_.name);
}

Result<Table> Table::open_metadata(storage::Stores& stores, const std::string& metadata_uri) {
  Table table(stores, nullptr, {});
  EC_ASSIGN_OR_RETURN(std::string location, storage::normalize_uri(metadata_uri));
  EC_TRY(table.read_metadata(std::move(location)));
  return table;
}

Result<Table> Table::create(storage::Stores& stores, Catalog& catalog, const CreateTableOptions& options,
                            const TableIdentifier& identifier, Clock clock) {
  const auto exists = [&] {
    return fail(ErrorKind::kAlreadyExists, "catalog {} has a table {}.{} already", catalog.name(),
                identifier.name_space, identifier.name);
  };
  EC_ASSIGN_OR_RETURN(TableMetadata metadata, initial_metadata(options, identifier, clock));
  const std::string location = next_metadata_location(metadata, options.follows);
  EC_TRY(write_object(stores, location, to_json(metadata)));
  EC_TRY(iceberg::make_durable(stores, {location}));
  const auto created = catalog.swap(identifier, std::nullopt, location, options.guard);
  if (!created) {
    // The guard refused, or another came first: what nobody names goes. After any other error the pointer may move.
    const auto now = catalog.metadata_location(identifier);
    const bool refused = created.error().kind == ErrorKind::kConflict && now && !*now;
    if (refused) static_cast<void>(remove_objects(stores, {location}));
    return std::unexpected(created.error());
  }
  if (!*created) {
    EC_TRY(remove_objects(stores, {location}));
    return exists();
  }
  EC_TRY(write_version_hint(stores, catalog, identifier, metadata_folder(metadata), location));
  Table table(stores, &catalog, identifier);
  table.metadata_location_ = location;
  table.metadata_ = std::make_shared<const TableMetadata>(std::move(metadata));
  return table;
}

Result<bool> Table::point_to(storage::Stores& stores, Catalog& catalog, const std::optional<std::string>& expected,
                             const std::string& metadata_uri, const CommitGuard& guard,
                             const TableIdentifier& identifier) {
  EC_ASSIGN_OR_RETURN(const Table table, open_metadata(stores, metadata_uri));
  EC_ASSIGN_OR_RETURN(const bool moved, catalog.swap(identifier, expected, table.metadata_location(), guard));
  if (moved) {
    EC_TRY(write_version_hint(stores, catalog, identifier, table.metadata_place(), table.metadata_location()));
  }
  return moved;
}

std::string Table::metadata_place() const { return metadata_folder(*metadata_); }

std::string Table::data_location() const {
  return storage::place_key(
      metadata_->property("write.data.path").value_or(storage::join_uri(metadata_->location, "data")));
}

}  // namespace earthcatalog::iceberg
