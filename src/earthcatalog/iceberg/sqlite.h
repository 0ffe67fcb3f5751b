// Wraps SQLite: statements that finalize themselves, errors as Status. Not thread-safe.
//
//   EC_ASSIGN_OR_RETURN(Statement select, Statement::prepare(connection, "SELECT token FROM locks WHERE id = ?"));
//   EC_ASSIGN_OR_RETURN(const bool row, select.bind("1").step());
//   if (row) use(select.text(0));
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

struct CloseSqlite {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
using SqliteConnection = std::unique_ptr<sqlite3, CloseSqlite>;

/// The connection's last error, of a kind by what the caller does next.
Error sqlite_error(sqlite3* connection);

/// Runs SQL without results.
Status execute(sqlite3* connection, const std::string& sql);

class Statement {
 public:
  static Result<Statement> prepare(sqlite3* connection, std::string_view sql);

  Statement& bind(std::string_view text);  ///< the next parameter
  /// True when there is a row.
  Result<bool> step();
  /// Returns a column of the row; nothing for NULL.
  std::optional<std::string> text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_parameter_ = 1;
};

}  // namespace earthcatalog::iceberg
