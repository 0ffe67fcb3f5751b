// Decides who owns an item's rows: the newest version among the items of a flush and what the table has already
// (index/version_order.h says which is newer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/ingest/item_rows.h"
#include "earthcatalog/ingest/staged_objects.h"
#include "earthcatalog/result.h"
#include "earthcatalog/write/partition.h"
#include "earthcatalog/write/remove_rows.h"

namespace earthcatalog::ingest {

/// Adds the rows that `owner` owns to `removals`.
void add_rows_of(const index::ObjectEntry& owner, write::Removals& removals);

/// The decision on entries.
struct EntryDecision {
  std::vector<std::size_t> winners;           ///< positions in `incoming`, ascending: get rows
  std::vector<index::ObjectEntry> incoming;   ///< as given; the object index is to know the losers without cells
  std::vector<index::ObjectEntry> displaced;  ///< owners that have no rows any more
  std::vector<Hash128> forgotten;             ///< objects whose version counts again: to be fetched by the next run
  write::Removals removals;                   ///< rows of owners displaced
  std::int64_t more_items = 0;                ///< by how many more items have rows than before
};

/// Decides who owns the rows of items: `incoming` (entries with cells, of each object one), given what is recorded of
/// their objects and of other objects that hold the same items. What the objects of `incoming` held before, the same
/// item or another, goes whatever its version. Memory grows with `incoming`.
Result<EntryDecision> decide_entries(std::vector<index::ObjectEntry> incoming, const StagedObjects& recorded);

/// Everything else that comes in where `incoming` is a part of it.
struct Company {
  /// Recorded entries (StagedObjects::find_moved) of all objects that come in and hold another item now, whose
  /// items are of this part.
  std::vector<index::ObjectEntry> left;
  std::function<bool(const Hash128&)> comes;  ///< whether an object is among all that come in
};

/// Decides as decide_entries(), on all incoming entries of some items at a time: the sum of the parts is the decision
/// on the whole.
Result<EntryDecision> decide_part(std::vector<index::ObjectEntry> incoming, const Company& company,
                                  const StagedObjects& recorded);

struct Decision {
  std::vector<ItemAddress> winners;         ///< get rows; in order of arrival
  std::vector<index::ObjectEntry> entries;  ///< for the object index: owners displaced, winners, losers
  std::vector<Hash128> forgotten;           ///< as in EntryDecision, like the rest
  write::Removals removals;
  std::int64_t superseded = 0;
  std::int64_t more_items = 0;
};

/// decide_entries() of the items of `parts`.
Result<Decision> decide(std::span<const std::unique_ptr<ChunkPart>> parts, const grid::Partitioner& grid,
                        const StagedObjects& recorded);

}  // namespace earthcatalog::ingest
