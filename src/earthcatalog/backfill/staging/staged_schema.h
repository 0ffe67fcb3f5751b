// The columns that all files of a backfill are written with, as part of a spec.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/backfill/json.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::backfill {

struct SpecColumn {
  std::string name, type;
  int field_id = 0;
  std::vector<int> member_ids;  ///< of a struct
  bool operator==(const SpecColumn&) const = default;
};

struct TableSchema {
  std::string kind;  ///< "itslive" or "auto"
  std::vector<SpecColumn> columns;
  bool operator==(const TableSchema&) const = default;
};

/// What tells the schema from others: 16 hex digits.
std::string schema_name(const TableSchema& schema);

/// `schema`: the columns of `items` with their field ids, from Catalog::plan_schema().
TableSchema describe(const stac::ItemSchema& items, const iceberg::Schema& schema);
/// `items`, which has the columns of `table` and perhaps more, with ids for those: the table may give them others. A
/// `table` without columns: those of a new table.
TableSchema part_schema(const TableSchema& table, const stac::ItemSchema& items);
/// kInvalidData for a type that no column has.
Result<stac::ItemSchema> item_schema(const TableSchema& schema);
Result<iceberg::Schema> iceberg_schema(const TableSchema& schema);

EC_SPEC(SpecColumn, name, type, field_id, member_ids)
EC_SPEC(TableSchema, kind, columns)

}  // namespace earthcatalog::backfill
