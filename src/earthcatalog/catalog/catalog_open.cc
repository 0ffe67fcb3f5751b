#include <algorithm>
#include <utility>

#include "earthcatalog/catalog/catalog_internal.h"
#include "earthcatalog/catalog/open_table.h"
#include "earthcatalog/catalog/table_facts.h"
#include "earthcatalog/catalog/warehouse_claim.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {

Catalog::Impl::Impl(storage::Stores& stores, CatalogOptions options)
    : stores_(stores),
      options_(std::move(options)),
      named_(index::ObjectIndex::open(stores_, {}, options_.index)),
      index_(named_) {}

// Runs made for a commit that never came are of no use to anybody.
Catalog::Impl::~Impl() { retire_unnamed_runs(); }

// After a commit that may have happened the table may name them all the same.
void Catalog::Impl::retire_unnamed_runs() const {
  if (!unclear_) index_.retire_except({&named_});
}

Status Catalog::Impl::open() {
  EC_ASSIGN_OR_RETURN(uri_, storage::normalize_uri(options_.catalog));
  if (!options_.warehouse.empty()) {
    EC_ASSIGN_OR_RETURN(warehouse_, storage::normalize_uri(options_.warehouse));
  }
  const bool write = options_.mode == OpenMode::kWrite;
  EC_ASSIGN_OR_RETURN(
      file_, CatalogFile::open(stores_, uri_, {.writable = write, .scratch_folder = options_.index.scratch_folder}));
  if (write) {
    EC_ASSIGN_OR_RETURN(lock_, lock_of_run(stores_, *file_, uri_, options_));
  }
  EC_TRY(load_table());
  return load_index();
}

Status Catalog::Impl::load_table() {
  EC_ASSIGN_OR_RETURN(table_, iceberg::Table::find(stores_, *file_));
  return table_ ? annotate(adopt_table(), uri_) : no_table();
}

Status Catalog::Impl::no_table() {
  if (options_.mode == OpenMode::kWrite) return start_new_table();
  return std::unexpected(missing_table(*file_, uri_));
}

Status Catalog::Impl::start_new_table() {
  if (warehouse_.empty()) {
    return fail(ErrorKind::kInvalidArgument, "{} has no table yet: say where its files are to lie, with `warehouse`",
                uri_);
  }
  EC_TRY(check_warehouse_is_free());
  EC_ASSIGN_OR_RETURN(grid_, grid_of_new_table(options_.grid, options_.default_resolution));
  if (options_.schema && !columns_) columns_ = stac::initial_schema(*options_.schema);
  return {};
}

Status Catalog::Impl::check_warehouse_is_free() const {
  Status status = check_no_other_table(stores_, warehouse_, uri_, nullptr);
  if (status || status.error().kind != ErrorKind::kAlreadyExists) return status;
  // Another run with this catalog may have made the table just now.
  EC_ASSIGN_OR_RETURN(const auto location, file_->metadata_location({}));
  return location ? Status{} : status;
}

// What the table is decides; what was asked for must agree with it.
Status Catalog::Impl::adopt_table() {
  EC_ASSIGN_OR_RETURN(TableFacts facts,
                      read_facts(*table_, {.warehouse = warehouse_, .grid = options_.grid, .schema = options_.schema}));
  const bool write = options_.mode == OpenMode::kWrite;
  if (write && options_.adds_rows) EC_TRY(check_writable(facts.schema));
  columns_ = std::move(facts.schema.columns);
  grid_ = std::move(facts.grid);
  warehouse_ = std::move(facts.warehouse);
  if (write && table_->current_snapshot() == nullptr) {
    EC_TRY(check_no_other_table(stores_, warehouse_, uri_, &*table_));
  }

  const auto& metadata = table_->metadata();
  missing_properties_ = grid_properties(grid_);
  missing_properties_.emplace(kHashIndexPathProperty, hash_index_uri(warehouse_));
  missing_properties_.emplace(kDataPathProperty, warehouse_);
  std::erase_if(missing_properties_, [&](const auto& entry) { return metadata.property(entry.first).has_value(); });
  if (metadata.property(kCatalogProperty) != uri_) missing_properties_.emplace(kCatalogProperty, uri_);
  return {};
}

Status Catalog::Impl::refresh() {
  EC_TRY(load_table());
  return load_index();
}

Result<iceberg::Schema> Catalog::Impl::plan_schema(const stac::ItemSchema& columns) const {
  if (!table_) return iceberg_schema(columns);
  std::vector<iceberg::NestedField> added;
  for (const auto& column : columns.columns) {
    const auto wanted = iceberg_field(column);
    const auto* found = table_->schema().find(column.name);
    if (found == nullptr) {
      added.push_back(wanted);
    } else if (found->type.id != wanted.type.id) {
      return fail(ErrorKind::kUnsupported, "the table's column \"{}\" has another type", column.name);
    }
  }
  return iceberg::Transaction(*table_).add_columns(std::move(added));
}

std::optional<std::int64_t> Catalog::Impl::current_snapshot() const {
  if (!table_ || table_->current_snapshot() == nullptr) return std::nullopt;
  return table_->current_snapshot()->snapshot_id;
}

// Makes named_ what the table names, and index_ what describes its current snapshot.
Status Catalog::Impl::load_index() {
  index::IndexManifest manifest;
  if (table_) {
    EC_ASSIGN_OR_RETURN(manifest, object_index_of(table_->metadata()));
  }
  const bool known = manifest == named_.manifest();
  if (known && index_.manifest().snapshot_id == current_snapshot()) return {};
  retire_unnamed_runs();
  unclear_ = false;
  if (!known) named_ = index::ObjectIndex::open(stores_, manifest, options_.index);
  index_ = named_;
  if (options_.mode == OpenMode::kRead || !table_) return {};
  EC_ASSIGN_OR_RETURN(const bool whole, named_.is_whole());
  if (whole && named_.manifest().snapshot_id == current_snapshot()) return {};
  // Without all its files the index is made anew from the table.
  const index::ObjectIndex old = whole ? named_ : index::ObjectIndex::open(stores_, {}, options_.index);
  EC_ASSIGN_OR_RETURN(auto caught, catch_up_from(old, {}));
  index_ = std::move(caught.index);
  return {};
}

Result<index::CaughtUp> Catalog::Impl::catch_up_from(const index::ObjectIndex& old, std::span<const Hash128> watched) {
  const std::string name =
      fmt::format("{}_catch_up_{}_{}", options_.run_id, current_snapshot().value_or(0), catch_ups_++);
  return index::catch_up(*table_, old, {.folder_uri = object_index_uri(warehouse_), .name = name, .watched = watched});
}

}  // namespace earthcatalog::catalog
