// The pointer to a table's newest metadata: where it lives, and how it moves atomically from an expected value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/result.h"

struct sqlite3;

namespace earthcatalog::iceberg {

struct TableIdentifier {
  std::string name_space = "earthcatalog";
  std::string name = "stac_items";
  auto operator<=>(const TableIdentifier&) const = default;
};

/// Runs inside the transaction that moves the pointer, before it; an error rolls the transaction back, is returned
/// from the commit and ends its retries. Must not begin or end transactions on the connection.
using CommitGuard = std::function<Status(sqlite3*)>;

/// Implementations are safe to call from many threads. A catalog file that lives at a URI is one: it fetches before,
/// and puts conditionally after the swap in its local copy.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// For messages: the catalog's path or URI.
  virtual std::string name() const = 0;
  /// The table's metadata location as of now, or nothing when there is no such table.
  virtual Result<std::optional<std::string>> metadata_location(const TableIdentifier& table) = 0;
  /// Moves the pointer from `expected` (nothing: the table must not exist, it is created) to `location`. False when
  /// the pointer is no longer `expected`: the race is lost, nothing was changed.
  virtual Result<bool> swap(const TableIdentifier& table, const std::optional<std::string>& expected,
                            const std::string& location, const CommitGuard& guard = {}) = 0;
};

}  // namespace earthcatalog::iceberg
