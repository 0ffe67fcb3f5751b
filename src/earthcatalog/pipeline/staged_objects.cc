#include "earthcatalog/pipeline/staged_objects.h"

namespace earthcatalog::pipeline {

using catalog::ObjectEntry;

// The place for what is to be said of an object; what was said before holds its item no longer.
std::optional<ObjectEntry>& StagedObjects::change_of(const Hash128& object) {
  auto& change = changes_[object];
  if (change) holders_.erase({change->identity, object});
  return change;
}

void StagedObjects::record(ObjectEntry entry) {
  auto& change = change_of(entry.object);
  holders_.emplace(entry.identity, entry.object);
  change = std::move(entry);
}

void StagedObjects::forget(const Hash128& object) { change_of(object).reset(); }

Result<std::vector<ObjectEntry>> StagedObjects::find_holders(std::span<const Hash128> identities) const {
  EC_ASSIGN_OR_RETURN(auto found, base_.find_holders(identities));
  std::erase_if(found, [this](const ObjectEntry& entry) { return changes_.contains(entry.object); });
  if (holders_.empty()) return found;
  for (const Hash128& identity : std::set(identities.begin(), identities.end())) {
    for (auto at = holders_.lower_bound({identity, {}}); at != holders_.end() && at->first == identity; ++at) {
      found.push_back(*changes_.at(at->second));
    }
  }
  return found;
}

Result<std::vector<ObjectEntry>> StagedObjects::find_moved(std::span<const catalog::Holding> now) const {
  std::vector<ObjectEntry> found;
  std::vector<catalog::Holding> unchanged;
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

catalog::IndexUpdate StagedObjects::changes() const {
  catalog::IndexUpdate update;
  for (const auto& [object, entry] : changes_) {
    if (entry) {
      update.entries.push_back(*entry);
    } else {
      update.forgotten.push_back(object);
    }
  }
  return update;
}

}  // namespace earthcatalog::pipeline
