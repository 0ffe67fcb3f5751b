#include "earthcatalog/catalog/file/catalog_file.h"

#include <sqlite3.h>

#include "earthcatalog/catalog/file/local_catalog_file.h"
#include "earthcatalog/catalog/file/remote_catalog_file.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::unexpected<Error> sqlite_error(sqlite3* database, std::string_view doing) {
  return fail(ErrorKind::kIOError, "{} the lock's token: {}", doing, sqlite3_errmsg(database));
}

Result<Statement> prepare(sqlite3* database, const char* sql, std::string_view doing) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) return sqlite_error(database, doing);
  return Statement(statement);
}

}  // namespace

Result<std::optional<std::string>> read_token(sqlite3* database) {
  constexpr std::string_view kDoing = "reading";
  EC_ASSIGN_OR_RETURN(
      const Statement table,
      prepare(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'earthcatalog_lock'", kDoing));
  const int there = sqlite3_step(table.get());
  if (there == SQLITE_DONE) return std::nullopt;
  if (there != SQLITE_ROW) return sqlite_error(database, kDoing);
  EC_ASSIGN_OR_RETURN(const Statement select,
                      prepare(database, "SELECT token FROM earthcatalog_lock WHERE id = 1", kDoing));
  const int step = sqlite3_step(select.get());
  if (step == SQLITE_DONE) return std::nullopt;
  if (step != SQLITE_ROW) return sqlite_error(database, kDoing);
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(select.get(), 0));
  return std::string(text != nullptr ? text : "");
}

Status write_token(sqlite3* database, const std::string& token) {
  constexpr std::string_view kDoing = "writing";
  EC_ASSIGN_OR_RETURN(const Statement create, prepare(database,
                                                      "CREATE TABLE IF NOT EXISTS earthcatalog_lock "
                                                      "(id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL)",
                                                      kDoing));
  if (sqlite3_step(create.get()) != SQLITE_DONE) return sqlite_error(database, kDoing);
  EC_ASSIGN_OR_RETURN(const Statement insert,
                      prepare(database, "INSERT OR REPLACE INTO earthcatalog_lock (id, token) VALUES (1, ?)", kDoing));
  if (sqlite3_bind_text(insert.get(), 1, token.data(), static_cast<int>(token.size()), SQLITE_TRANSIENT) != SQLITE_OK ||
      sqlite3_step(insert.get()) != SQLITE_DONE) {
    return sqlite_error(database, kDoing);
  }
  return {};
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
  return std::make_unique<RemoteCatalogFile>(std::move(where), options);
}

}  // namespace earthcatalog::catalog
