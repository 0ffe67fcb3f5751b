#include "earthcatalog/ingest/resolve_versions.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace earthcatalog::ingest {
namespace {

using index::ObjectEntry;
using Parts = std::span<const std::unique_ptr<ChunkPart>>;

// An entry that comes in, and how it stands against the others.
struct Version {
  ObjectEntry entry;
  bool best = false;    // of its item's that come in
  bool beaten = false;  // by an owner that does not come in
  bool wins() const { return best && !beaten; }
};

class Decider {
 public:
  Decider(std::vector<ObjectEntry> incoming, const Company& company, const StagedObjects& recorded)
      : company_(company), recorded_(recorded), held_before_(company.left) {
    versions_.reserve(incoming.size());
    for (auto& entry : incoming) versions_.push_back({.entry = std::move(entry)});
  }

  Result<EntryDecision> run() {
    find_best();
    EC_TRY(look_up());
    displace_held_before();
    contest_owners();
    forget_what_counts_again();
    record_versions();
    count_items();
    return std::move(decision_);
  }

 private:
  void find_best();
  Status look_up();
  void displace_held_before();
  void contest_owners();
  void forget_what_counts_again();
  void record_versions();
  void count_items();
  Version* best_of(const Hash128& identity);

  const Company& company_;
  const StagedObjects& recorded_;
  std::vector<Version> versions_;
  std::unordered_map<Hash128, std::size_t> best_;  // of an item: the number of its version
  std::vector<ObjectEntry> held_before_;           // that objects which come in own rows by
  std::vector<ObjectEntry> owners_, losers_;       // other objects' entries of the same items
  std::unordered_set<Hash128> kept_;               // items of owners that stay
  EntryDecision decision_;
};

void Decider::find_best() {
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    const auto [at, is_new] = best_.try_emplace(versions_[i].entry.identity, i);
    if (!is_new && index::newer(versions_[i].entry, versions_[at->second].entry)) at->second = i;
  }
  for (const auto& [identity, i] : best_) versions_[i].best = true;
}

// The version that may get the item's rows; null when no object that comes in holds it.
Version* Decider::best_of(const Hash128& identity) {
  const auto at = best_.find(identity);
  return at == best_.end() ? nullptr : &versions_[at->second];
}

// Items that an object left behind may be held by others still.
Status Decider::look_up() {
  std::vector<Hash128> identities;
  identities.reserve(best_.size() + held_before_.size());
  for (const auto& [identity, i] : best_) identities.push_back(identity);
  for (const auto& entry : held_before_) identities.push_back(entry.identity);
  EC_ASSIGN_OR_RETURN(auto holders, recorded_.find_holders(identities));
  for (auto& entry : holders) {
    auto& list = company_.comes(entry.object) ? held_before_ : entry.owns_rows() ? owners_ : losers_;
    list.push_back(std::move(entry));
  }
  return {};
}

void Decider::displace_held_before() {
  for (const auto& entry : held_before_) add_rows_of(entry, decision_.removals);
}

// The best that comes in against owners that do not: the rows of the older go.
void Decider::contest_owners() {
  for (const auto& owner : owners_) {
    Version* const best = best_of(owner.identity);
    if (best != nullptr && index::newer(owner, best->entry)) best->beaten = true;
  }
  index::IndexUpdate displaced;
  for (auto& owner : owners_) {
    const Version* const best = best_of(owner.identity);
    if (best == nullptr || best->beaten) {
      kept_.insert(owner.identity);
      continue;
    }
    add_rows_of(owner, decision_.removals);
    index::supersede(std::move(owner), displaced);
  }
  decision_.displaced = std::move(displaced.entries);
  decision_.forgotten = std::move(displaced.forgotten);
}

// Forgets losers to a version that is gone now, because its object left the item or went back to an older version.
void Decider::forget_what_counts_again() {
  for (const auto& loser : losers_) {
    if (kept_.contains(loser.identity)) continue;
    const Version* const best = best_of(loser.identity);
    if (best == nullptr || index::newer(loser, best->entry)) decision_.forgotten.push_back(loser.object);
  }
}

void Decider::record_versions() {
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    if (versions_[i].wins()) decision_.winners.push_back(i);
    decision_.incoming.push_back(std::move(versions_[i].entry));
  }
}

// Winners that replace rows of their item, or of the one that their object left, make none more.
void Decider::count_items() {
  std::unordered_set<Hash128> gone;
  for (const auto& [partition, identities] : decision_.removals) {
    for (const Hash128& identity : identities) {
      if (!kept_.contains(identity)) gone.insert(identity);
    }
  }
  decision_.more_items = std::ssize(decision_.winners) - std::ssize(gone);
}

// Chooses of each object that the parts hold the version that counts, in order of arrival: an inventory may list one
// twice, and it may change between two fetches. The later version is what it holds.
std::vector<ItemAddress> last_versions(Parts parts, std::int64_t& superseded) {
  std::vector<ItemAddress> addresses;
  std::unordered_map<Hash128, std::size_t> by_object;
  const auto item_at = [&](ItemAddress at) -> const ItemRecord& { return parts[at.part]->items[at.item]; };
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      const auto& object = parts[p]->items[i].object;
      const auto [at, is_new] = by_object.try_emplace(object_hash(object.bucket, object.key), addresses.size());
      if (is_new) {
        addresses.push_back({p, i});
        continue;
      }
      ++superseded;
      ItemAddress& other = addresses[at->second];
      if (object.last_modified >= item_at(other).object.last_modified) other = {p, i};
    }
  }
  return addresses;
}

}  // namespace

void add_rows_of(const ObjectEntry& owner, write::Removals& removals) {
  for (const auto& cell : owner.cells) removals[{cell, owner.year}].insert(owner.identity);
}

Result<EntryDecision> decide_part(std::vector<ObjectEntry> incoming, const Company& company,
                                  const StagedObjects& recorded) {
  return Decider(std::move(incoming), company, recorded).run();
}

Result<EntryDecision> decide_entries(std::vector<ObjectEntry> incoming, const StagedObjects& recorded) {
  std::unordered_set<Hash128> objects;
  std::vector<index::Holding> now;
  for (const auto& entry : incoming) {
    objects.insert(entry.object);
    now.push_back({entry.object, entry.identity});
  }
  EC_ASSIGN_OR_RETURN(auto left, recorded.find_moved(now));
  return decide_part(
      std::move(incoming),
      {.left = std::move(left), .comes = [&](const Hash128& object) { return objects.contains(object); }}, recorded);
}

Result<Decision> decide(Parts parts, const grid::Partitioner& grid, const StagedObjects& recorded) {
  Decision decision;
  const auto addresses = last_versions(parts, decision.superseded);
  std::vector<ObjectEntry> incoming;
  incoming.reserve(addresses.size());
  for (const auto& at : addresses) incoming.push_back(entry_of(*parts[at.part], parts[at.part]->items[at.item], grid));
  EC_ASSIGN_OR_RETURN(auto entries, decide_entries(std::move(incoming), recorded));
  auto winner = entries.winners.begin();
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (winner != entries.winners.end() && *winner == i) {
      decision.winners.push_back(addresses[*winner++]);
    } else {
      entries.incoming[i].cells.clear();
    }
  }
  decision.superseded += std::ssize(addresses) - std::ssize(entries.winners);
  decision.entries = std::move(entries.displaced);
  std::ranges::move(entries.incoming, std::back_inserter(decision.entries));
  decision.forgotten = std::move(entries.forgotten);
  decision.removals = std::move(entries.removals);
  decision.more_items = entries.more_items;
  return decision;
}

}  // namespace earthcatalog::ingest
