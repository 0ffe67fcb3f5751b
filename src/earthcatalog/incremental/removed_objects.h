// Objects that a table has and its bucket has no longer: which they are, and their rows out of the table.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/file_names.h"

namespace earthcatalog::incremental {

/// All objects of a list.
struct ListedObjects {
  extsort::HashTable<extsort::HashKey> objects;  ///< object_hash()
  std::set<std::string> buckets;
  std::string prefix;  ///< what "bucket/key" of all objects begins with that the list can have
};

/// Reads the inventory; what does not fit into the memory goes to an unlinked file.
Result<ListedObjects> list_objects(storage::Stores& stores, const std::string& uri,
                                   const inventory::InventoryOptions& options,
                                   const extsort::HashTableOptions& sorting);

/// recorded = listed + removed + not_judged.
struct RemovedObjects {
  static constexpr std::int64_t kExamples = 5;  ///< that reports name
  std::int64_t recorded = 0;
  std::int64_t listed = 0;
  std::int64_t removed = 0;
  std::int64_t not_judged = 0;              ///< of which the list says nothing
  std::vector<index::ObjectEntry> entries;  ///< the removed, at most as many as asked for
  std::int64_t judged() const { return listed + removed; }
};

/// Finds what the index knows and the list has not. Judges only objects that end in `suffix`, in buckets that the list
/// has any object of, and below the prefix that it is a listing of: what lies elsewhere is in another list.
Result<RemovedObjects> find_removed(const index::ObjectIndex& index, const ListedObjects& listed,
                                    const std::string& suffix, std::int64_t most_entries);

struct DeletedRows {
  std::int64_t objects = 0;  ///< forgotten because they are gone
  std::int64_t items = 0, rows = 0;
  std::int64_t counting_again = 0;  ///< superseded objects that hold such an item too: the next run fetches them
  std::int64_t files_removed = 0, files_added = 0;
  std::optional<std::int64_t> snapshot_id;
};

/// Takes the rows of `gone` out of the table by copy-on-write and forgets the objects, in one commit. kConflict when
/// another writer changed the same items or files: find_removed() has to be asked again after a refresh().
Result<DeletedRows> delete_objects(storage::Stores& stores, catalog::Catalog& catalog,
                                   const std::vector<index::ObjectEntry>& gone, write::FileNames& names,
                                   std::size_t workers);

}  // namespace earthcatalog::incremental
