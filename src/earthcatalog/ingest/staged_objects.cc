#include "earthcatalog/ingest/staged_objects.h"

#include <algorithm>
#include <set>

namespace earthcatalog::ingest {

using index::ObjectEntry;

void StagedObjects::record(ObjectEntry entry) {
  holders_.emplace_back(entry.identity, entry.object);
  const Hash128 object = entry.object;
  changes_.insert_or_assign(object, std::move(entry));
}

void StagedObjects::forget(const Hash128& object) { changes_.insert_or_assign(object, std::nullopt); }

void StagedObjects::sort_holders() const {
  if (sorted_ == holders_.size()) return;
  std::ranges::sort(holders_);
  holders_.erase(std::ranges::unique(holders_).begin(), holders_.end());
  sorted_ = holders_.size();
}

Result<std::vector<ObjectEntry>> StagedObjects::find_holders(std::span<const Hash128> identities) const {
  EC_ASSIGN_OR_RETURN(auto found, base_.find_holders(identities));
  std::erase_if(found, [this](const ObjectEntry& entry) { return changes_.contains(entry.object); });
  if (holders_.empty()) return found;
  sort_holders();
  for (const Hash128& identity : std::set(identities.begin(), identities.end())) {
    auto at = std::ranges::lower_bound(holders_, std::pair(identity, Hash128{}));
    for (; at != holders_.end() && at->first == identity; ++at) {
      const auto& change = changes_.at(at->second);
      if (change && change->identity == identity) found.push_back(*change);
    }
  }
  return found;
}

Result<std::vector<ObjectEntry>> StagedObjects::find_moved(std::span<const index::Holding> now) const {
  std::vector<ObjectEntry> found;
  std::vector<index::Holding> unchanged;
  for (const auto& holding : now) {
    const auto change = changes_.find(holding.object);
    if (change == changes_.end()) {
      unchanged.push_back(holding);
    } else if (change->second && change->second->owns_rows() && change->second->identity != holding.identity) {
      found.push_back(*change->second);
    }
  }
  EC_ASSIGN_OR_RETURN(auto committed, base_.find_moved(unchanged));
  found.insert(found.end(), std::make_move_iterator(committed.begin()), std::make_move_iterator(committed.end()));
  return found;
}

index::IndexUpdate StagedObjects::take_changes() {
  index::IndexUpdate update;
  update.entries.reserve(changes_.size());
  for (auto& [object, entry] : changes_) {
    if (entry) {
      update.entries.push_back(std::move(*entry));
    } else {
      update.forgotten.push_back(object);
    }
  }
  changes_.clear();
  holders_.clear();
  sorted_ = 0;
  return update;
}

}  // namespace earthcatalog::ingest
