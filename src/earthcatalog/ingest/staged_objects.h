// The object index as it will be with changes that are not committed yet.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"

namespace earthcatalog::ingest {

/// Not thread-safe. Memory grows with the changes.
class StagedObjects {
 public:
  explicit StagedObjects(index::ObjectIndex base) : base_(std::move(base)) {}

  /// Replaces whatever was known of the object of `entry`.
  void record(index::ObjectEntry entry);
  /// The next run that meets the object fetches it again.
  void forget(const Hash128& object);

  /// Do as ObjectIndex::find_holders and find_moved, changes included.
  Result<std::vector<index::ObjectEntry>> find_holders(std::span<const Hash128> identities) const;
  Result<std::vector<index::ObjectEntry>> find_moved(std::span<const index::Holding> now) const;

  /// All changes, for a commit; this object has none afterwards.
  index::IndexUpdate take_changes();

 private:
  void sort_holders() const;

  index::ObjectIndex base_;
  std::unordered_map<Hash128, std::optional<index::ObjectEntry>> changes_;  // by object; none: forgotten
  // (item, object) of every entry ever recorded, those replaced since included; the first `sorted_` of them ascending.
  // Sorted when first asked: a run with one flush a commit never asks.
  mutable std::vector<std::pair<Hash128, Hash128>> holders_;
  mutable std::size_t sorted_ = 0;
};

}  // namespace earthcatalog::ingest
