// A warehouse holds one table.
#pragma once

#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::iceberg {
class Table;
}

namespace earthcatalog::catalog {

/// Checks that no other table has its rows in the warehouse (full URI) than `own`, that of the catalog `catalog_uri`
/// (null: it has none yet). A table without a snapshot, which a first run leaves that failed, is no
/// other table. kAlreadyExists names the catalog that the warehouse belongs to, and what to do.
Status check_no_other_table(storage::Stores& stores, const std::string& warehouse, const std::string& catalog_uri,
                            const iceberg::Table* own);

}  // namespace earthcatalog::catalog
