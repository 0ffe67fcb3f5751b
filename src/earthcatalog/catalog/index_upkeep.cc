#include "earthcatalog/catalog/index_upkeep.h"

namespace earthcatalog::catalog {
namespace {

bool is_current(const iceberg::Table& table, const index::ObjectIndex& index) {
  const auto* snapshot = table.current_snapshot();
  return snapshot == nullptr || index.manifest().snapshot_id == snapshot->snapshot_id;
}

Status count_entries(storage::Stores& stores, const index::ObjectIndex& index, ObjectIndexCheck& check) {
  EC_TRY(index.scan([&](index::ObjectEntry&& entry) -> Status {
    ++check.objects;
    check.rows += static_cast<std::int64_t>(entry.cells.size());
    return {};
  }));
  auto uncounted = index.manifest();
  uncounted.items.reset();
  EC_ASSIGN_OR_RETURN(check.items, index::ObjectIndex::open(stores, uncounted, index.options()).count_items());
  return {};
}

}  // namespace

Result<ObjectIndexCheck> check_object_index(const iceberg::Table& table, const index::ObjectIndex& index) {
  ObjectIndexCheck check;
  check.current = is_current(table, index);
  check.runs = index.manifest().runs.size();
  check.counted_items = index.manifest().items;
  EC_ASSIGN_OR_RETURN(check.whole, index.is_whole());
  if (check.whole) EC_TRY(count_entries(table.stores(), index, check));
  iceberg::ListFilesOptions options;
  options.statistics = false;
  EC_TRY(table.list_files(options, [&](iceberg::DataFile&& file) -> Status {
    check.table_rows += file.record_count;
    return {};
  }));
  return check;
}

Result<ObjectIndexUpdate> update_object_index(storage::Stores& stores, CatalogOptions options) {
  options.mode = OpenMode::kRead;
  // Read first: who has nothing to do needs no lock, and a mistyped name must not leave one behind.
  EC_ASSIGN_OR_RETURN(const auto seen, Catalog::open(stores, options));
  EC_ASSIGN_OR_RETURN(const bool whole, seen->index().is_whole());
  ObjectIndexUpdate update{.changed = !whole || !is_current(seen->table(), seen->index()),
                           .runs = seen->index().manifest().runs.size()};
  if (!update.changed) return update;
  options.mode = OpenMode::kWrite;
  EC_ASSIGN_OR_RETURN(const auto catalog, Catalog::open(stores, options));
  EC_TRY(catalog->commit({}));
  update.runs = catalog->index().manifest().runs.size();
  EC_TRY(catalog->close());
  return update;
}

}  // namespace earthcatalog::catalog
