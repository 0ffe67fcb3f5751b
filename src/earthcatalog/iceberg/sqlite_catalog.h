// The catalog file: SQLite, laid out as PyIceberg 0.12's SqlCatalog does (iceberg_tables,
// iceberg_namespace_properties).
//
// A file made before `iceberg_type` existed is read and written without that column. The journal is a rollback journal:
// when no transaction runs, the file alone is the whole catalog.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/iceberg/catalog.h"

namespace earthcatalog::iceberg {

struct SqliteCatalogOptions {
  std::string catalog_name = "earthcatalog";  ///< column catalog_name of the rows that are ours
  bool create = false;     ///< make the file and its tables when they are missing; else a missing file is kNotFound
  bool read_only = false;  ///< nothing is written, but what a killed writer began is rolled back where the file allows
  int busy_timeout_ms = 30'000;  ///< patience with another process's transaction, then kUnavailable
};

/// Thread-safe: one connection, one transaction at a time.
class SqliteCatalog final : public Catalog {
 public:
  /// kNotFound: no such file (and `create` is false); nothing is created. kInvalidData: no SQLite, or without
  /// Iceberg's tables.
  static Result<std::unique_ptr<SqliteCatalog>> open(const std::string& path, const SqliteCatalogOptions& options = {});
  ~SqliteCatalog() override;

  std::string name() const override;
  Result<std::optional<std::string>> metadata_location(const TableIdentifier& table) override;
  /// Also makes the namespace when the table is created.
  Result<bool> swap(const TableIdentifier& table, const std::optional<std::string>& expected,
                    const std::string& location, const CommitGuard& guard = {}) override;

  /// Runs `body` inside BEGIN IMMEDIATE (BEGIN when only reading) … COMMIT; an error rolls back. For what else lives in
  /// the file (the lock's token).
  Status transaction(const std::function<Status(sqlite3*)>& body);

  /// Closes the connection; fails when SQLite cannot. Every later call is an error. The destructor does the same.
  Status close();

 private:
  class Impl;
  explicit SqliteCatalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::iceberg
