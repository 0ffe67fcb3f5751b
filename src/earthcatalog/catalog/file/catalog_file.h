// The SQLite file that points to the table: in place when it is local, a private copy of the object at a URI otherwise.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/catalog/lock/fence.h"
#include "earthcatalog/iceberg/catalog.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

struct sqlite3;

namespace earthcatalog::catalog {

struct CatalogFileOptions {
  bool writable = false;
  std::string scratch_folder = "/var/tmp";  ///< for the copy of a catalog at a URI
};

/// Thread-safe. A missing file is an empty catalog; the first change of a writable one creates it.
class CatalogFile : public iceberg::Catalog, public Fence {
 public:
  /// `uri` as storage::normalize_uri() gives it. kUnsupported for a writable one in a store without conditional writes.
  /// Nothing is read or created yet.
  static Result<std::unique_ptr<CatalogFile>> open(storage::Stores& stores, const std::string& uri,
                                                   const CatalogFileOptions& options);

  /// The lock, which is taken before anything is written here, lies in `store`: taking it shows whether conditional
  /// writes are honoured there, and nobody has to find out again.
  virtual void lock_lies_in(const storage::ObjectStore& store) { (void)store; }
};

/// The fence's token in an open transaction.
Result<std::optional<std::string>> read_token(sqlite3* database);
Status write_token(sqlite3* database, const std::string& token);

}  // namespace earthcatalog::catalog
