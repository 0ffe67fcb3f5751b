// The pointer of a catalog by itself, for when the table behind it is lost or the catalog file is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/file/catalog_file.h"
#include "earthcatalog/catalog/lock/lock.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

/// Where the catalog points to; nothing when there is no catalog, or no table in it. Creates nothing. kInvalidData: a
/// file that is no catalog.
Result<std::optional<std::string>> read_pointer(storage::Stores& stores, const std::string& catalog);

/// Holds the lock from begin() to close(). Of CatalogOptions it uses the catalog's name, the run id and all that is
/// said of the lock. `stores` must outlive it.
class PointerChange {
 public:
  /// Takes the lock; a catalog that does not exist comes into being with move_to().
  static Result<std::unique_ptr<PointerChange>> begin(storage::Stores& stores, CatalogOptions options);

  /// Makes the catalog point to the metadata at `location`. kConflict when it does not point to `expected` any more
  /// (nothing: no table), kLocked when the lock is another's by now.
  Status move_to(const std::optional<std::string>& expected, const std::string& location);
  Status close();

 private:
  PointerChange(storage::Stores& stores, std::string uri) : stores_(stores), uri_(std::move(uri)) {}

  storage::Stores& stores_;
  const std::string uri_;
  std::unique_ptr<CatalogFile> file_;
  std::shared_ptr<Lock> lock_;  // uses *file_, unless it was held before; none with --no-lock
  bool lock_was_held_ = false;
};

}  // namespace earthcatalog::catalog
