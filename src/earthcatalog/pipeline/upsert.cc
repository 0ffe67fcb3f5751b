#include "earthcatalog/pipeline/upsert.h"

#include <unordered_map>

namespace earthcatalog::pipeline {
namespace {

using catalog::ObjectEntry;
using Parts = std::span<const std::unique_ptr<ChunkPart>>;

ObjectEntry make_entry(const ItemRecord& item) {
  auto entry = catalog::entry_of(item.object);
  entry.identity = item.identity;
  entry.updated = item.updated;
  if (item.year != kUnknownYear) entry.year = item.year;
  return entry;
}

// An item of the flush, and how it stands against the others.
struct Version {
  ItemAddress at;
  ObjectEntry entry;
  bool best = false;    // of its item's in the flush
  bool beaten = false;  // by an owner that is not in the flush
  bool wins() const { return best && !beaten; }
};

class Decider {
 public:
  Decider(Parts parts, const grid::Partitioner& grid, const StagedObjects& recorded)
      : parts_(parts), grid_(grid), recorded_(recorded) {}

  Result<Decision> run() {
    collect_versions();
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
  void collect_versions();
  void find_best();
  Status look_up();
  void displace_held_before();
  void contest_owners();
  void forget_what_counts_again();
  void record_versions();
  void count_items();
  void displace(const ObjectEntry& owner);
  Version* best_of(const Hash128& identity);

  const Parts parts_;
  const grid::Partitioner& grid_;
  const StagedObjects& recorded_;
  std::vector<Version> versions_;                              // one for each object, in order of arrival
  std::unordered_map<Hash128, std::size_t> by_object_, best_;  // numbers of versions; best_ by item
  std::vector<ObjectEntry> held_before_;                       // that the flush's objects own rows by
  std::vector<ObjectEntry> owners_, losers_;                   // other objects' entries of the same items
  std::unordered_set<Hash128> kept_;                           // items of owners that stay
  Decision decision_;
};

// An inventory may list an object twice, and it may change between two fetches: the later version is what it holds.
void Decider::collect_versions() {
  for (std::uint32_t p = 0; p < parts_.size(); ++p) {
    for (std::uint32_t i = 0; i < parts_[p]->items.size(); ++i) {
      Version version{.at = {p, i}, .entry = make_entry(parts_[p]->items[i])};
      const auto [at, is_new] = by_object_.try_emplace(version.entry.object, versions_.size());
      if (is_new) {
        versions_.push_back(std::move(version));
        continue;
      }
      ++decision_.superseded;
      Version& other = versions_[at->second];
      if (version.entry.last_modified >= other.entry.last_modified) other = std::move(version);
    }
  }
}

void Decider::find_best() {
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    const auto [at, is_new] = best_.try_emplace(versions_[i].entry.identity, i);
    if (!is_new && catalog::newer(versions_[i].entry, versions_[at->second].entry)) at->second = i;
  }
  for (const auto& [identity, i] : best_) versions_[i].best = true;
}

// The version of the flush that may get the item's rows; null when no object of the flush holds it.
Version* Decider::best_of(const Hash128& identity) {
  const auto at = best_.find(identity);
  return at == best_.end() ? nullptr : &versions_[at->second];
}

Status Decider::look_up() {
  std::vector<catalog::Holding> now;
  now.reserve(versions_.size());
  for (const auto& version : versions_) now.push_back({version.entry.object, version.entry.identity});
  EC_ASSIGN_OR_RETURN(held_before_, recorded_.find_moved(now));
  // Items that an object of the flush left behind may be held by others still.
  std::vector<Hash128> identities;
  identities.reserve(best_.size() + held_before_.size());
  for (const auto& [identity, i] : best_) identities.push_back(identity);
  for (const auto& entry : held_before_) identities.push_back(entry.identity);
  EC_ASSIGN_OR_RETURN(auto holders, recorded_.find_holders(identities));
  for (auto& entry : holders) {
    auto& list = by_object_.contains(entry.object) ? held_before_ : entry.owns_rows() ? owners_ : losers_;
    list.push_back(std::move(entry));
  }
  return {};
}

void Decider::displace(const ObjectEntry& owner) {
  for (const auto& cell : owner.cells) decision_.removals[{cell, owner.year}].insert(owner.identity);
}

void Decider::displace_held_before() {
  for (const auto& entry : held_before_) displace(entry);
}

// The best of the flush against owners that are not in it: the rows of the older go.
void Decider::contest_owners() {
  for (const auto& owner : owners_) {
    Version* const best = best_of(owner.identity);
    if (best != nullptr && catalog::newer(owner, best->entry)) best->beaten = true;
  }
  catalog::IndexUpdate displaced;
  for (auto& owner : owners_) {
    const Version* const best = best_of(owner.identity);
    if (best == nullptr || best->beaten) {
      kept_.insert(owner.identity);
      continue;
    }
    displace(owner);
    catalog::supersede(std::move(owner), displaced);
  }
  decision_.entries = std::move(displaced.entries);
  decision_.forgotten = std::move(displaced.forgotten);
}

// What lost to a version that is gone now, because its object left the item or went back to an older version.
void Decider::forget_what_counts_again() {
  for (const auto& loser : losers_) {
    if (kept_.contains(loser.identity)) continue;
    const Version* const best = best_of(loser.identity);
    if (best == nullptr || catalog::newer(loser, best->entry)) decision_.forgotten.push_back(loser.object);
  }
}

// In order of arrival, so that a repeated run cuts the same files.
void Decider::record_versions() {
  for (auto& version : versions_) {
    if (version.wins()) {
      const ChunkPart& part = *parts_[version.at.part];
      const ItemRecord& item = part.items[version.at.item];
      decision_.winners.push_back(version.at);
      for (std::uint32_t c = 0; c < item.cell_count; ++c) {
        version.entry.cells.push_back(grid_.name(part.cells[item.first_cell + c]));
      }
    } else {
      ++decision_.superseded;
    }
    decision_.entries.push_back(std::move(version.entry));
  }
}

// Winners that replace rows of their item, or of the one that their object left, make none more.
void Decider::count_items() {
  std::unordered_set<Hash128> gone;
  for (const auto& [bucket, identities] : decision_.removals) {
    for (const Hash128& identity : identities) {
      if (!kept_.contains(identity)) gone.insert(identity);
    }
  }
  decision_.more_items = std::ssize(decision_.winners) - std::ssize(gone);
}

}  // namespace

Result<Decision> decide(Parts parts, const grid::Partitioner& grid, const StagedObjects& recorded) {
  return Decider(parts, grid, recorded).run();
}

}  // namespace earthcatalog::pipeline
