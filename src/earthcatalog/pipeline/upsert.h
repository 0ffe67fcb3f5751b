// Who owns an item's rows: among the items of a flush and what the table has already, the newest version of each.
// (Rule: `updated`, then the object's last_modified, then its name; docs/incremental.md.)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "earthcatalog/catalog/object_index.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/pipeline/chunk.h"
#include "earthcatalog/pipeline/staged_objects.h"
#include "earthcatalog/result.h"

namespace earthcatalog::pipeline {

/// An item among the parts of a flush.
struct ItemAddress {
  std::uint32_t part = 0, item = 0;
};

/// A partition of the table, as names.
struct Bucket {
  std::string cell;
  std::optional<std::int32_t> year;  ///< UTC calendar year
  auto operator<=>(const Bucket&) const = default;
};

/// Rows to drop: in which partitions, of which items.
using Removals = std::map<Bucket, std::unordered_set<Hash128>>;

struct Decision {
  std::vector<ItemAddress> winners;           ///< get rows; in order of arrival
  std::vector<catalog::ObjectEntry> entries;  ///< for the object index: winners, losers, and owners displaced
  std::vector<Hash128> forgotten;             ///< objects whose version counts again: to be fetched by the next run
  Removals removals;                          ///< rows of owners displaced
  std::int64_t superseded = 0;
  std::int64_t more_items = 0;  ///< by how many more items have rows than before
};

/// Decides on the items of `parts`, given what is recorded of their objects and of other objects that hold the same
/// items. What the objects of the flush held before, the same item or another, goes whatever its version.
Result<Decision> decide(std::span<const std::unique_ptr<ChunkPart>> parts, const grid::Partitioner& grid,
                        const StagedObjects& recorded);

}  // namespace earthcatalog::pipeline
