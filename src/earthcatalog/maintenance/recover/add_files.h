// Makes data files that are written already, by whomever, a part of a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

struct AddFilesSpec {
  catalog::CatalogOptions catalog;
  std::vector<std::string> files;  ///< paths or URIs, ".../grid_partition=<cell>/year=<year>/<file>.parquet"
  std::size_t workers = 1;         ///< footers read at a time
};

struct AddFilesReport {
  std::string run_id, warehouse;
  std::int64_t files = 0, rows = 0, bytes = 0;
  std::optional<std::int64_t> snapshot_id;
};

/// Adds all files or none. Of each the footer is read, and compared with the table's schema and with the partition that
/// its path says. The object index then catches up, as with rows of another engine: they belong to no object until a
/// run meets theirs. kNotFound: no such table or file. kInvalidArgument: a path without partition, or given twice.
/// kAlreadyExists: a file that the table has. kInvalidData: no Parquet; rows of another partition. kUnsupported: a
/// column that the table lacks or has with another type. kConflict when others were first again and again. kLocked.
/// Items that the table has already are not looked for: compact() drops doubles.
Status run_add_files(storage::Stores& stores, const AddFilesSpec& spec, AddFilesReport& report);

/// One JSON object with the names of the members.
std::string to_json(const AddFilesReport& report);

}  // namespace earthcatalog::maintenance
