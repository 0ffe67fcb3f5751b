// Whether the object index agrees with the table, and how it is brought up to date when nothing else is to be written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

struct ObjectIndexCheck {
  bool whole = false;    ///< all its files are there; if not, nothing below is known
  bool current = false;  ///< it describes the table's current snapshot
  std::size_t runs = 0;
  std::int64_t objects = 0;
  std::int64_t items = 0;                     ///< whose rows some object owns
  std::optional<std::int64_t> counted_items;  ///< as many as the table's property says; none: it does not
  std::int64_t rows = 0, table_rows = 0;      ///< that objects own; that the table has
  bool good() const { return whole && current && rows == table_rows && (!counted_items || *counted_items == items); }
};

/// Reads every file of `index`, as `table` names it.
Result<ObjectIndexCheck> check_object_index(const iceberg::Table& table, const index::ObjectIndex& index);

struct ObjectIndexUpdate {
  bool changed = false;  ///< false: it was of the current snapshot already
  std::size_t runs = 0;
};

/// When another engine wrote the current snapshot, or files of the object index are gone: what a run that writes would
/// find out is put into the table's property, under the lock, in a commit without a snapshot. Errors as
/// Catalog::open(); kNotFound: no such table.
Result<ObjectIndexUpdate> update_object_index(storage::Stores& stores, CatalogOptions options);

}  // namespace earthcatalog::catalog
