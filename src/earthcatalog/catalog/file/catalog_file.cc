#include "earthcatalog/catalog/file/catalog_file.h"

#include "earthcatalog/catalog/file/local_catalog_file.h"
#include "earthcatalog/catalog/file/remote_catalog_file.h"
#include "earthcatalog/iceberg/sqlite.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

using iceberg::Statement;

Result<std::optional<std::string>> find_token(sqlite3* database) {
  EC_ASSIGN_OR_RETURN(
      Statement table,
      Statement::prepare(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'earthcatalog_lock'"));
  EC_ASSIGN_OR_RETURN(const bool there, table.step());
  if (!there) return std::nullopt;
  EC_ASSIGN_OR_RETURN(Statement select,
                      Statement::prepare(database, "SELECT token FROM earthcatalog_lock WHERE id = 1"));
  EC_ASSIGN_OR_RETURN(const bool row, select.step());
  return row ? std::optional(select.text(0).value_or("")) : std::nullopt;
}

Status put_token(sqlite3* database, const std::string& token) {
  EC_TRY(iceberg::execute(database,
                          "CREATE TABLE IF NOT EXISTS earthcatalog_lock "
                          "(id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL)"));
  EC_ASSIGN_OR_RETURN(
      Statement insert,
      Statement::prepare(database, "INSERT OR REPLACE INTO earthcatalog_lock (id, token) VALUES (1, ?)"));
  EC_TRY(insert.bind(token).step());
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_token(sqlite3* database) {
  return annotate(find_token(database), "reading the lock's token");
}

Status write_token(sqlite3* database, const std::string& token) {
  return annotate(put_token(database, token), "writing the lock's token");
}

Result<std::unique_ptr<CatalogFile>> CatalogFile::open(storage::Stores& stores, const std::string& uri,
                                                       const CatalogFileOptions& options) {
  EC_ASSIGN_OR_RETURN(const auto parts, storage::parse_uri(uri));
  if (parts.scheme == "file") return std::make_unique<LocalCatalogFile>("/" + parts.path, options);
  EC_ASSIGN_OR_RETURN(auto where, stores.locate(uri));
  if (options.writable && !where.store->capabilities().conditional_put) {
    return fail(
        ErrorKind::kUnsupported,
        "{}: this store has no conditional writes, so that concurrent runs could overwrite each other's catalog; "
        "keep the catalog on a local disk or on S3",
        uri);
  }
  return std::make_unique<RemoteCatalogFile>(std::move(where), options, stores.settings().event);
}

}  // namespace earthcatalog::catalog
