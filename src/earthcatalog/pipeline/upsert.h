// Who owns an item's rows: among the items of a flush and what the table has already, the newest version of each.
// (Rule: `updated`, then the object's last_modified, then its name; docs/incremental.md.)
#pragma once

#include <cstdint>
#include <functional>
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
  Removals removals;                          ///< rows of owners displaced
  std::int64_t superseded = 0;
};

/// The present owners of rows of these items.
using FindOwners = std::function<Result<std::vector<catalog::ObjectEntry>>(std::span<const Hash128> identities)>;

Result<Decision> decide(std::span<const std::unique_ptr<ChunkPart>> parts, const grid::Partitioner& grid,
                        const FindOwners& find_owners);

}  // namespace earthcatalog::pipeline
