// What a table's metadata say beyond Iceberg: its columns, its grid, its warehouse, its object index. One rule for
// those who read a table and for those who write to it.
#pragma once

#include <optional>
#include <string>

#include "earthcatalog/catalog/table_grid.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::catalog {

/// The property that says where data files go.
inline constexpr const char* kDataPathProperty = "write.data.path";

/// What a user asked for; it must agree with the table.
struct AskedTable {
  std::string warehouse;  ///< full URI; empty: the table's
  GridRequest grid;
  std::optional<stac::SchemaKind> schema;  ///< none: the table's
};

struct TableFacts {
  RecognizedSchema schema;  ///< of the table's current schema
  grid::GridSpec grid;
  std::string warehouse;  ///< full URI
};

/// Reads the facts of a table, and compares them with what was asked for. kUnsupported: another partitioning, schema,
/// grid or warehouse, both are named. kInvalidArgument: neither the table nor `asked` says the warehouse.
Result<TableFacts> read_facts(const iceberg::Table& table, const AskedTable& asked);

/// Which files the object index of a table has; an empty manifest when the table names none.
Result<index::IndexManifest> object_index_of(const iceberg::TableMetadata& metadata);

}  // namespace earthcatalog::catalog
