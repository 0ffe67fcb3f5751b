#include "earthcatalog/iceberg/sqlite_catalog.h"

#include <filesystem>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/iceberg/sqlite.h"

namespace earthcatalog::iceberg {
namespace {

// The tables that SQLAlchemy makes of PyIceberg's models.
constexpr char kCreateTables[] = R"(
CREATE TABLE IF NOT EXISTS iceberg_tables (
	catalog_name VARCHAR(255) NOT NULL,
	table_namespace VARCHAR(255) NOT NULL,
	table_name VARCHAR(255) NOT NULL,
	metadata_location VARCHAR(1000),
	previous_metadata_location VARCHAR(1000),
	iceberg_type VARCHAR(5),
	PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
	catalog_name VARCHAR(255) NOT NULL,
	namespace VARCHAR(255) NOT NULL,
	property_key VARCHAR(255) NOT NULL,
	property_value VARCHAR(1000) NOT NULL,
	PRIMARY KEY (catalog_name, namespace, property_key)
);)";

Result<bool> has_rows(sqlite3* connection, std::string_view sql) {
  EC_ASSIGN_OR_RETURN(Statement statement, Statement::prepare(connection, sql));
  return statement.step();
}

Result<bool> has_iceberg_tables(sqlite3* connection) {
  return has_rows(connection, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'iceberg_tables'");
}

// With a rollback journal a commit waits for every reader; an earlier step waits for writers only.
Error held_by_reader() {
  return {ErrorKind::kUnavailable,
          "the change could not be stored: a reader keeps a transaction on this file open, as an idle Spark or other "
          "JDBC session does, or a query that was never finished. End that session, have Spark set its catalog's "
          "\"jdbc.init-catalog-tables\" to false, and try again"};
}

Status in_transaction(sqlite3* connection, const std::function<Status()>& body, const char* begin = "BEGIN IMMEDIATE") {
  EC_TRY(execute(connection, begin));
  Status status = body();
  if (status) {
    status = execute(connection, "COMMIT");
    if (!status && status.error().kind == ErrorKind::kUnavailable) status = std::unexpected(held_by_reader());
  }
  // After a COMMIT that found the file busy the transaction is still open.
  if (!status && sqlite3_get_autocommit(connection) == 0) {
    sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return status;
}

Status create_tables(sqlite3* connection) {
  EC_ASSIGN_OR_RETURN(const bool complete, has_iceberg_tables(connection));
  if (complete) return {};
  return in_transaction(connection, [&]() -> Status {
    EC_ASSIGN_OR_RETURN(const bool there, has_iceberg_tables(connection));  // another process was first
    if (there) return {};
    EC_ASSIGN_OR_RETURN(const bool foreign, has_rows(connection, "SELECT 1 FROM sqlite_master WHERE type = 'table'"));
    if (foreign) {
      return fail(ErrorKind::kInvalidData,
                  "this SQLite file holds other tables and none of Iceberg's; name another file");
    }
    return execute(connection, kCreateTables);
  });
}

// The file alone must be the whole catalog whenever no transaction runs: it is copied to and from object stores.
Status use_rollback_journal(sqlite3* connection) {
  EC_ASSIGN_OR_RETURN(Statement statement, Statement::prepare(connection, "PRAGMA journal_mode = DELETE"));
  EC_ASSIGN_OR_RETURN(const bool row, statement.step());
  const std::string mode = row ? statement.text(0).value_or("") : "";
  if (mode != "delete") {
    return fail(ErrorKind::kUnavailable, "its journal mode stays {}: another process has it open; end that process",
                mode);
  }
  return {};
}

// Not by SQLITE_OPEN_READONLY: such a connection cannot roll back what a killed writer began, and then reads nothing.
Status only_read(sqlite3* connection) {
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);  // another engine's write-ahead log
  return execute(connection, "PRAGMA query_only = ON");
}

Result<SqliteConnection> connect(const std::string& path, const SqliteCatalogOptions& options) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (!exists && (!options.create || options.read_only)) {
    return fail(ErrorKind::kNotFound, "no such file; check the path");
  }
  if (std::filesystem::is_directory(path, error))
    return fail(ErrorKind::kInvalidArgument, "a folder, not a catalog file");
  const int create = options.create && !options.read_only ? SQLITE_OPEN_CREATE : 0;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | create | SQLITE_OPEN_FULLMUTEX, nullptr);
  SqliteConnection connection(raw);
  if (raw == nullptr) return fail(ErrorKind::kIOError, "out of memory");
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(raw));
  sqlite3_busy_timeout(raw, options.busy_timeout_ms);
  if (options.read_only) EC_TRY(only_read(raw));
  return connection;
}

}  // namespace

class SqliteCatalog::Impl {
 public:
  Impl(std::string at, const SqliteCatalogOptions& chosen, SqliteConnection opened)
      : path(std::move(at)), options(chosen), connection(std::move(opened)) {}

  Status prepare() EC_REQUIRES(mutex) {
    if (options.create && !options.read_only) EC_TRY(create_tables(connection.get()));
    EC_ASSIGN_OR_RETURN(const bool iceberg, has_iceberg_tables(connection.get()));
    if (!iceberg)
      return fail(ErrorKind::kInvalidData, "a SQLite file without the table iceberg_tables: no Iceberg catalog");
    if (!options.read_only) EC_TRY(use_rollback_journal(connection.get()));
    EC_ASSIGN_OR_RETURN(
        has_type,
        has_rows(connection.get(), "SELECT 1 FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'"));
    return {};
  }

  std::string only_tables() const EC_REQUIRES(mutex) {
    return has_type ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : "";
  }

  Status usable() const EC_REQUIRES(mutex) {
    return connection ? Status() : fail(ErrorKind::kInvalidArgument, "the catalog was closed");
  }

  Result<std::optional<std::string>> location(const TableIdentifier& table) EC_REQUIRES(mutex) {
    EC_ASSIGN_OR_RETURN(Statement statement,
                        Statement::prepare(connection.get(),
                                           "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND "
                                           "table_namespace = ? AND table_name = ?" +
                                               only_tables()));
    statement.bind(options.catalog_name).bind(table.name_space).bind(table.name);
    EC_ASSIGN_OR_RETURN(const bool row, statement.step());
    if (!row) return std::nullopt;
    auto location = statement.text(0);
    if (!location) return fail(ErrorKind::kInvalidData, "table {} has no metadata_location", table.name);
    return location;
  }

  Status insert(const TableIdentifier& table, const std::string& location) EC_REQUIRES(mutex) {
    EC_ASSIGN_OR_RETURN(Statement space,
                        Statement::prepare(connection.get(),
                                           "INSERT OR IGNORE INTO iceberg_namespace_properties (catalog_name, "
                                           "namespace, property_key, property_value) VALUES (?, ?, 'exists', 'true')"));
    EC_TRY(space.bind(options.catalog_name).bind(table.name_space).step());
    EC_ASSIGN_OR_RETURN(
        Statement row,
        Statement::prepare(connection.get(),
                           std::string("INSERT INTO iceberg_tables (catalog_name, table_namespace, "
                                       "table_name, metadata_location") +
                               (has_type ? ", iceberg_type) VALUES (?, ?, ?, ?, 'TABLE')" : ") VALUES (?, ?, ?, ?)")));
    EC_TRY(row.bind(options.catalog_name).bind(table.name_space).bind(table.name).bind(location).step());
    return {};
  }

  Status update(const TableIdentifier& table, const std::string& expected, const std::string& location)
      EC_REQUIRES(mutex) {
    EC_ASSIGN_OR_RETURN(Statement row,
                        Statement::prepare(connection.get(),
                                           "UPDATE iceberg_tables SET metadata_location = ?, "
                                           "previous_metadata_location = ? WHERE catalog_name = ? AND "
                                           "table_namespace = ? AND table_name = ? AND metadata_location = ?"));
    row.bind(location).bind(expected).bind(options.catalog_name).bind(table.name_space).bind(table.name).bind(expected);
    EC_TRY(row.step());
    return {};
  }

  Mutex mutex;  // one call, one transaction at a time
  const std::string path;
  const SqliteCatalogOptions options;
  SqliteConnection connection EC_GUARDED_BY(mutex);
  bool has_type EC_GUARDED_BY(mutex) = false;
};

SqliteCatalog::SqliteCatalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteCatalog::~SqliteCatalog() = default;

Result<std::unique_ptr<SqliteCatalog>> SqliteCatalog::open(const std::string& path,
                                                           const SqliteCatalogOptions& options) {
  const std::string context = "catalog " + path;
  EC_ASSIGN_OR_RETURN(SqliteConnection connection, annotate(connect(path, options), context));
  auto impl = std::make_unique<Impl>(path, options, std::move(connection));
  {
    const MutexLock lock(impl->mutex);
    EC_TRY(annotate(impl->prepare(), context));
  }
  return std::unique_ptr<SqliteCatalog>(new SqliteCatalog(std::move(impl)));
}

std::string SqliteCatalog::name() const { return impl_->path; }

Result<std::optional<std::string>> SqliteCatalog::metadata_location(const TableIdentifier& table) {
  const MutexLock lock(impl_->mutex);
  EC_TRY(impl_->usable());
  return annotate(impl_->location(table), "catalog " + impl_->path);
}

// NOLINTNEXTLINE(bugprone-exception-escape): it compares and swaps, and is not the swap() that must not throw.
Result<bool> SqliteCatalog::swap(const TableIdentifier& table, const std::optional<std::string>& expected,
                                 const std::string& location, const CommitGuard& guard) {
  bool swapped = false;
  const auto body = [&](sqlite3* connection) EC_REQUIRES(impl_->mutex) -> Status {
    if (guard) EC_TRY(guard(connection));
    EC_ASSIGN_OR_RETURN(const auto present, impl_->location(table));
    if (present != expected) return {};
    swapped = true;
    return expected ? impl_->update(table, *expected, location) : impl_->insert(table, location);
  };
  EC_TRY(transaction(body));
  return swapped;
}

Status SqliteCatalog::transaction(const std::function<Status(sqlite3*)>& body) {
  const MutexLock lock(impl_->mutex);
  EC_TRY(impl_->usable());
  sqlite3* connection = impl_->connection.get();
  const char* begin = impl_->options.read_only ? "BEGIN" : "BEGIN IMMEDIATE";
  return annotate(in_transaction(connection, [&] { return body(connection); }, begin), "catalog " + impl_->path);
}

Status SqliteCatalog::close() {
  const MutexLock lock(impl_->mutex);
  if (!impl_->connection) return {};
  if (sqlite3_close(impl_->connection.get()) != SQLITE_OK) {
    return annotate(Status(std::unexpected(sqlite_error(impl_->connection.get()))), "catalog " + impl_->path);
  }
  [[maybe_unused]] const sqlite3* closed = impl_->connection.release();
  return {};
}

}  // namespace earthcatalog::iceberg
