#include <utility>

#include "earthcatalog/catalog/catalog_internal.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

Result<std::string> lock_uri_of(const std::string& catalog_uri, const CatalogOptions& options) {
  if (options.lock_uri.empty()) return default_lock_uri(catalog_uri);
  return storage::normalize_uri(options.lock_uri);
}

// A lock that lasts longer than any run's catalog file has one of its own.
struct HeldLock {
  std::unique_ptr<CatalogFile> file;
  std::shared_ptr<Lock> lock{};  // uses *file
};

}  // namespace

Result<std::shared_ptr<Lock>> lock_of_run(storage::Stores& stores, CatalogFile& file, const std::string& catalog_uri,
                                          const CatalogOptions& options) {
  if (!options.lock) return nullptr;
  EC_ASSIGN_OR_RETURN(const std::string lock_uri, lock_uri_of(catalog_uri, options));
  EC_ASSIGN_OR_RETURN(auto where, stores.locate(lock_uri));
  file.lock_lies_in(*where.store);
  if (options.held_lock) {
    if (options.held_lock->uri() == where.uri()) return options.held_lock;
    return fail(ErrorKind::kInvalidArgument, "the lock that is held is {}, that of the catalog {} is {}",
                options.held_lock->uri(), catalog_uri, where.uri());
  }
  return Lock::acquire(std::move(where), file,
                       {.catalog = catalog_uri,
                        .owner = options.lock_owner,
                        .run_id = options.run_id,
                        .host = options.host,
                        .clock = options.clock,
                        .stale_after_seconds = options.lock_stale_after_seconds,
                        .heartbeat_seconds = options.heartbeat_seconds,
                        .make_token = {},
                        .event = stores.settings().event});
}

Result<std::shared_ptr<Lock>> take_lock(storage::Stores& stores, const CatalogOptions& options) {
  EC_ASSIGN_OR_RETURN(const std::string uri, storage::normalize_uri(options.catalog));
  auto held = std::make_shared<HeldLock>();
  EC_ASSIGN_OR_RETURN(
      held->file, CatalogFile::open(stores, uri, {.writable = true, .scratch_folder = options.index.scratch_folder}));
  EC_ASSIGN_OR_RETURN(held->lock, lock_of_run(stores, *held->file, uri, options));
  Lock* const lock = held->lock.get();
  return std::shared_ptr<Lock>(std::move(held), lock);
}

}  // namespace earthcatalog::catalog
