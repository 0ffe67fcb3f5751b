#include "earthcatalog/catalog/catalog.h"

#include <utility>

#include "earthcatalog/catalog/catalog_internal.h"
#include "earthcatalog/catalog/file/pointer.h"

namespace earthcatalog::catalog {
namespace {

Result<LockPlace> full_place(const LockPlace& place) {
  LockPlace full;
  EC_ASSIGN_OR_RETURN(full.catalog, storage::normalize_uri(place.catalog));
  full.lock_uri = default_lock_uri(full.catalog);
  if (!place.lock_uri.empty()) {
    EC_ASSIGN_OR_RETURN(full.lock_uri, storage::normalize_uri(place.lock_uri));
  }
  return full;
}

}  // namespace

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::open(storage::Stores& stores, CatalogOptions options) {
  auto impl = std::make_unique<Impl>(stores, std::move(options));
  EC_TRY(impl->open());
  return std::unique_ptr<Catalog>(new Catalog(std::move(impl)));
}

bool Catalog::has_table() const { return impl_->table_.has_value(); }
const iceberg::Table& Catalog::table() const { return *impl_->table_; }
const grid::GridSpec& Catalog::grid() const { return impl_->grid_; }
const std::string& Catalog::uri() const { return impl_->uri_; }
const std::string& Catalog::warehouse() const { return impl_->warehouse_; }
const std::string& Catalog::run_id() const { return impl_->options_.run_id; }
const std::optional<stac::ItemSchema>& Catalog::item_schema() const { return impl_->columns_; }
const index::ObjectIndex& Catalog::index() const { return impl_->index_; }

void Catalog::set_schema_kind(stac::SchemaKind kind) {
  if (!impl_->table_) impl_->columns_ = stac::initial_schema(kind);
}

Result<iceberg::Schema> Catalog::plan_schema(const stac::ItemSchema& columns) const {
  return impl_->plan_schema(columns);
}
Result<CommitOutcome> Catalog::commit(const CommitRequest& request) { return impl_->commit(request); }
Status Catalog::create_table() { return impl_->create_empty_table(); }
Status Catalog::refresh() { return impl_->refresh(); }
Status Catalog::check_current() { return impl_->check_current(); }
Status Catalog::confirm_lock() { return impl_->confirm_lock(); }
Status Catalog::close() { return impl_->close(); }

namespace {

// The lock; nothing when there is none. A mistyped catalog has none either: kNotFound.
Result<std::optional<LockRecord>> find_lock(storage::Stores& stores, const LockPlace& place) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(place.lock_uri));
  EC_ASSIGN_OR_RETURN(auto lock, read_lock(where));
  if (lock) return lock;
  EC_ASSIGN_OR_RETURN(const auto catalog, stores.locate(place.catalog));
  EC_ASSIGN_OR_RETURN(const auto found, catalog.store->head(catalog.key));
  if (found) return std::nullopt;
  return fail(ErrorKind::kNotFound, "there is no catalog at {}, nor a lock at {}; check `catalog`", place.catalog,
              place.lock_uri);
}

}  // namespace

Result<std::string> create_table(storage::Stores& stores, CatalogOptions options) {
  EC_ASSIGN_OR_RETURN(const auto pointer, read_pointer(stores, options.catalog));
  if (pointer) {
    return fail(ErrorKind::kAlreadyExists, "{} has a table already, with the metadata {}", options.catalog, *pointer);
  }
  options.mode = OpenMode::kWrite;
  if (!options.schema) options.schema = stac::SchemaKind::kAuto;
  EC_ASSIGN_OR_RETURN(const auto catalog, Catalog::open(stores, std::move(options)));
  EC_TRY(catalog->create_table());
  std::string metadata = catalog->table().metadata_location();
  EC_TRY(catalog->close());
  return metadata;
}

Result<std::optional<LockRecord>> show_lock(storage::Stores& stores, const LockPlace& place) {
  EC_ASSIGN_OR_RETURN(const LockPlace full, full_place(place));
  return find_lock(stores, full);
}

Result<std::optional<LockRecord>> force_unlock(storage::Stores& stores, const LockPlace& place) {
  EC_ASSIGN_OR_RETURN(const LockPlace full, full_place(place));
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(full.lock_uri));
  EC_ASSIGN_OR_RETURN(const auto there, where.store->get(where.key));
  if (!there) return find_lock(stores, full);
  EC_ASSIGN_OR_RETURN(const auto file, CatalogFile::open(stores, full.catalog, {.writable = true}));
  return break_lock(where, *file);
}

}  // namespace earthcatalog::catalog
