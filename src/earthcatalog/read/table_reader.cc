#include "earthcatalog/read/table_reader.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/catalog/open_table.h"
#include "earthcatalog/catalog/table_facts.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::read {

struct TableReader::State {
  TablePlace place;
  iceberg::Table table;
  const iceberg::Snapshot* snapshot;  // of the table's metadata, as is the schema
  const iceberg::Schema* schema;
  stac::ItemSchema columns;
  grid::GridSpec grid;
  index::ObjectIndex index;
};

namespace {

// "memory://w/earthcatalog/stac_items has 3 snapshots, from 2026-01-01T00:00:00Z on": what a user can ask for instead.
std::string snapshots_of(const iceberg::TableMetadata& metadata) {
  if (metadata.snapshots.empty()) return fmt::format("the table {} has no snapshot", metadata.location);
  const auto oldest = std::ranges::min(metadata.snapshots, {}, &iceberg::Snapshot::timestamp_ms);
  return fmt::format("the oldest snapshot that the table {} still has is {} of {}; `history()` lists them all",
                     metadata.location, oldest.snapshot_id, format_time(oldest.timestamp_ms * 1000));
}

Result<const iceberg::Snapshot*> find_snapshot(const iceberg::TableMetadata& metadata, std::int64_t id) {
  const auto* found = metadata.find_snapshot(id);
  if (found != nullptr) return found;
  return fail(ErrorKind::kNotFound, "there is no snapshot {}, or it has expired: {}", id, snapshots_of(metadata));
}

// The log says which snapshot was current when; expiry cuts off its begin.
Result<const iceberg::Snapshot*> find_snapshot_at(const iceberg::TableMetadata& metadata, TimeMicros time) {
  const iceberg::Snapshot* found = nullptr;
  for (const auto& entry : metadata.snapshot_log) {
    if (entry.timestamp_ms * 1000 <= time) found = metadata.find_snapshot(entry.snapshot_id);
  }
  if (found != nullptr) return found;
  return fail(ErrorKind::kNotFound, "there is no snapshot of {}, or it has expired: {}", format_time(time),
              snapshots_of(metadata));
}

// Of the current snapshot the table's: columns may have come since, which its rows have as nulls.
const iceberg::Schema& schema_of(const iceberg::TableMetadata& metadata, const iceberg::Snapshot* snapshot) {
  if (snapshot == nullptr || snapshot == metadata.current_snapshot() || !snapshot->schema_id) return metadata.schema();
  const auto* own = metadata.find_schema(*snapshot->schema_id);
  return own != nullptr ? *own : metadata.schema();
}

}  // namespace

TableReader::TableReader(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Result<TableReader> TableReader::open(storage::Stores& stores, const TablePlace& place,
                                      const index::ObjectIndexOptions& index) {
  TablePlace full;
  EC_ASSIGN_OR_RETURN(full.catalog, storage::normalize_uri(place.catalog));
  if (!place.warehouse.empty()) {
    EC_ASSIGN_OR_RETURN(full.warehouse, storage::normalize_uri(place.warehouse));
  }
  EC_ASSIGN_OR_RETURN(auto table, catalog::open_table(stores, full.catalog, index.scratch_folder));
  EC_ASSIGN_OR_RETURN(auto facts,
                      annotate(catalog::read_facts(table, {.warehouse = full.warehouse, .grid = {}}), full.catalog));
  EC_ASSIGN_OR_RETURN(const auto manifest, catalog::object_index_of(table.metadata()));
  full.warehouse = std::move(facts.warehouse);
  const auto* const snapshot = table.current_snapshot();
  if (snapshot != nullptr) full.snapshot_id = snapshot->snapshot_id;
  const auto* const schema = &table.schema();
  const TableReader reader(
      std::make_shared<const State>(State{.place = std::move(full),
                                          .table = std::move(table),
                                          .snapshot = snapshot,
                                          .schema = schema,
                                          .columns = std::move(facts.schema.columns),
                                          .grid = std::move(facts.grid),
                                          .index = index::ObjectIndex::open(stores, manifest, index)}));
  return place.snapshot_id ? reader.at_snapshot(*place.snapshot_id) : reader;
}

Result<TableReader> TableReader::at_snapshot(std::int64_t snapshot_id) const {
  const auto& metadata = state_->table.metadata();
  EC_ASSIGN_OR_RETURN(const auto* const snapshot, find_snapshot(metadata, snapshot_id));
  if (snapshot == state_->snapshot) return *this;
  State state = *state_;
  state.place.snapshot_id = snapshot_id;
  state.snapshot = snapshot;
  state.schema = &schema_of(metadata, snapshot);
  EC_ASSIGN_OR_RETURN(auto recognized, annotate(catalog::recognize(*state.schema),
                                                fmt::format("{}: snapshot {}", state.place.catalog, snapshot_id)));
  state.columns = std::move(recognized.columns);
  return TableReader(std::make_shared<const State>(std::move(state)));
}

Result<TableReader> TableReader::as_of(TimeMicros time) const {
  EC_ASSIGN_OR_RETURN(const auto* const snapshot, find_snapshot_at(state_->table.metadata(), time));
  return at_snapshot(snapshot->snapshot_id);
}

const TablePlace& TableReader::place() const { return state_->place; }
const iceberg::Snapshot* TableReader::snapshot() const { return state_->snapshot; }
const iceberg::Table& TableReader::table() const { return state_->table; }
const iceberg::Schema& TableReader::schema() const { return *state_->schema; }
const stac::ItemSchema& TableReader::item_schema() const { return state_->columns; }
const grid::GridSpec& TableReader::grid() const { return state_->grid; }
const index::ObjectIndex& TableReader::index() const { return state_->index; }
storage::Stores& TableReader::stores() const { return state_->table.stores(); }

bool TableReader::index_is_current() const {
  return state_->snapshot == nullptr || state_->index.manifest().snapshot_id == state_->snapshot->snapshot_id;
}

Result<iceberg::ListFilesCounts> TableReader::list_files(
    iceberg::ListFilesOptions options, const std::function<Status(iceberg::DataFile&&)>& visit) const {
  if (state_->snapshot == nullptr) return iceberg::ListFilesCounts();
  options.snapshot_id = state_->snapshot->snapshot_id;
  return state_->table.list_files(options, visit);
}

Result<iceberg::ListFilesCounts> TableReader::scan_files(
    iceberg::ScanFilesOptions options, const std::function<Status(const iceberg::FileFacts&)>& visit) const {
  if (state_->snapshot == nullptr) return iceberg::ListFilesCounts();
  options.snapshot_id = state_->snapshot->snapshot_id;
  return state_->table.scan_files(options, visit);
}

}  // namespace earthcatalog::read
