// A catalog's table, for those who only read it.
#pragma once

#include <string>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

class CatalogFile;

/// Opens the table that the catalog at `uri` (full URI) points to now. Takes no lock, creates nothing, and leaves the
/// catalog closed: the table cannot be committed to. A catalog in an object store is copied to `scratch_folder`
/// meanwhile. kNotFound: no catalog, or no table in it; kInvalidData: no SQLite.
Result<iceberg::Table> open_table(storage::Stores& stores, const std::string& uri, const std::string& scratch_folder);

/// Says what is missing at `uri` when `file` points to no table: the table, or the catalog. kNotFound, or why the file
/// cannot be read.
Error missing_table(CatalogFile& file, const std::string& uri);

}  // namespace earthcatalog::catalog
