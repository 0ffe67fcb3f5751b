#include "earthcatalog/catalog/file/pointer.h"

#include "earthcatalog/catalog/catalog_internal.h"

namespace earthcatalog::catalog {

Result<std::optional<std::string>> read_pointer(storage::Stores& stores, const std::string& catalog) {
  EC_ASSIGN_OR_RETURN(const std::string uri, storage::normalize_uri(catalog));
  EC_ASSIGN_OR_RETURN(const auto file, CatalogFile::open(stores, uri, {}));
  return file->metadata_location({});
}

Result<std::unique_ptr<PointerChange>> PointerChange::begin(storage::Stores& stores, CatalogOptions options) {
  EC_ASSIGN_OR_RETURN(std::string uri, storage::normalize_uri(options.catalog));
  std::unique_ptr<PointerChange> change(new PointerChange(stores, std::move(uri)));
  EC_ASSIGN_OR_RETURN(change->file_, CatalogFile::open(stores, change->uri_, {.writable = true}));
  EC_ASSIGN_OR_RETURN(change->lock_, lock_of_run(stores, *change->file_, change->uri_, options));
  change->lock_was_held_ = options.held_lock != nullptr;
  return change;
}

Status PointerChange::move_to(const std::optional<std::string>& expected, const std::string& location) {
  if (lock_) EC_TRY(lock_->check());
  const auto guard = [this](sqlite3* database) -> Status {
    if (!lock_) return {};
    EC_ASSIGN_OR_RETURN(const auto token, read_token(database));
    if (!lock_->admits(token)) return fail(ErrorKind::kLocked, "{}: another process claims the lock", uri_);
    return token ? Status{} : write_token(database, lock_->token());
  };
  EC_ASSIGN_OR_RETURN(const bool moved, iceberg::Table::point_to(stores_, *file_, expected, location, guard));
  if (moved) return {};
  return fail(ErrorKind::kConflict, "{}: another process has changed the catalog meanwhile; run again", uri_);
}

Status PointerChange::close() { return lock_ && !lock_was_held_ ? lock_->release() : Status{}; }

}  // namespace earthcatalog::catalog
