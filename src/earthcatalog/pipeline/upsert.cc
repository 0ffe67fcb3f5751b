#include "earthcatalog/pipeline/upsert.h"

#include <unordered_map>

namespace earthcatalog::pipeline {
namespace {

catalog::ObjectEntry make_entry(const ItemRecord& item) {
  auto entry = catalog::entry_of(item.object);
  entry.identity = item.identity;
  entry.updated = item.updated;
  if (item.year != kUnknownYear) entry.year = item.year;
  return entry;
}

// What competes for an item's rows: the best of the flush, and whether the table's owner is better still.
struct Candidate {
  ItemAddress at;
  catalog::ObjectEntry entry;
  bool loses = false;
};

using Candidates = std::unordered_map<Hash128, Candidate>;

// The newest version of each item within the flush; entries of the others go to `decision`.
Candidates best_of_flush(std::span<const std::unique_ptr<ChunkPart>> parts, Decision& decision) {
  Candidates best;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      Candidate candidate{.at = {p, i}, .entry = make_entry(parts[p]->items[i])};
      const auto [slot, is_new] = best.try_emplace(candidate.entry.identity, candidate);
      if (is_new) continue;
      ++decision.superseded;
      if (catalog::newer(candidate.entry, slot->second.entry)) std::swap(slot->second, candidate);
      // An inventory may list an object twice: its entry is the winner's.
      if (candidate.entry.object != slot->second.entry.object) decision.entries.push_back(std::move(candidate.entry));
    }
  }
  return best;
}

// The rows that `owner` has in the table go.
void displace(catalog::ObjectEntry& owner, Removals& removals) {
  for (const auto& cell : owner.cells) removals[{cell, owner.year}].insert(owner.identity);
  owner.cells.clear();
}

}  // namespace

Result<Decision> decide(std::span<const std::unique_ptr<ChunkPart>> parts, const grid::Partitioner& grid,
                        const FindOwners& find_owners) {
  Decision decision;
  Candidates best = best_of_flush(parts, decision);
  std::vector<Hash128> identities;
  identities.reserve(best.size());
  for (const auto& [identity, candidate] : best) identities.push_back(identity);
  EC_ASSIGN_OR_RETURN(auto owners, find_owners(identities));
  for (const auto& owner : owners) {
    Candidate& candidate = best.at(owner.identity);
    candidate.loses =
        candidate.loses || (owner.object != candidate.entry.object && catalog::newer(owner, candidate.entry));
  }
  std::erase_if(owners, [&](const auto& owner) { return best.at(owner.identity).loses; });
  for (auto& owner : owners) displace(owner, decision.removals);
  // An owner stays recorded, but as the version of this flush if it is in it: of one object the last entry counts.
  decision.entries.insert(decision.entries.begin(), std::make_move_iterator(owners.begin()),
                          std::make_move_iterator(owners.end()));
  // In order of arrival, so that a repeated run cuts the same files.
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      const ItemRecord& item = parts[p]->items[i];
      Candidate& candidate = best.at(item.identity);
      if (candidate.at.part != p || candidate.at.item != i) continue;
      if (candidate.loses) {
        ++decision.superseded;
      } else {
        decision.winners.push_back({p, i});
        for (std::uint32_t c = 0; c < item.cell_count; ++c) {
          candidate.entry.cells.push_back(grid.name(parts[p]->cells[item.first_cell + c]));
        }
      }
      decision.entries.push_back(std::move(candidate.entry));
    }
  }
  return decision;
}

}  // namespace earthcatalog::pipeline
