#include "earthcatalog/iceberg/sqlite.h"

namespace earthcatalog::iceberg {
namespace {

ErrorKind kind_of(int code) {
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::kUnavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorKind::kInvalidData;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::kPermissionDenied;
    default:
      return ErrorKind::kIOError;
  }
}

}  // namespace

Error sqlite_error(sqlite3* connection) {
  const ErrorKind kind = kind_of(sqlite3_errcode(connection));
  std::string message = sqlite3_errmsg(connection);
  if (kind == ErrorKind::kUnavailable) {
    message += "; another process is writing to it, or waits for a reader to do so: try again later";
  }
  if (sqlite3_extended_errcode(connection) == SQLITE_READONLY_ROLLBACK) {
    message =
        "a killed writer left a transaction in it that must be rolled back, and the file cannot be written here; "
        "open it once where it can, for example with `info()`";
  }
  return Error{kind, std::move(message)};
}

Status execute(sqlite3* connection, const std::string& sql) {
  if (sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(sqlite_error(connection));
}

Result<Statement> Statement::prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK) {
    return std::unexpected(sqlite_error(connection));
  }
  return Statement(statement);
}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(statement_.get(), next_parameter_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(sqlite_error(sqlite3_db_handle(statement_.get())));
}

std::optional<std::string> Statement::text(int column) const {
  const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (value == nullptr) return std::nullopt;
  return std::string(value, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

}  // namespace earthcatalog::iceberg
