// Is everything that a table's current snapshot names there?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

struct TableCheck {
  std::int64_t files = 0, rows = 0, bytes = 0;  ///< as the manifests say
  std::int64_t problem_count = 0;
  std::vector<std::string> problems;  ///< the first 20: manifests that cannot be read, files missing or cut short
  std::vector<std::string> unreadable_snapshots;  ///< older ones whose manifest list is lost: no problem of the table
};

/// Reads all manifests of the current snapshot and compares the data files with a listing of `warehouse`; files that
/// lie elsewhere are asked for one by one. Memory is 8 bytes a file. Errors are those of the store only.
Result<TableCheck> check_table(const iceberg::Table& table, const std::string& warehouse);

}  // namespace earthcatalog::maintenance
