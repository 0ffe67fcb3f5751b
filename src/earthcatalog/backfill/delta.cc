#include "earthcatalog/backfill/delta.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>

#include "earthcatalog/catalog/index_run_file.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kEntryBytes = 1024;  // of memory, with what a decision makes of it
constexpr std::size_t kHoldingsAtOnce = 65'536;

class DeltaDecision {
 public:
  DeltaDecision(const Staging& staging, const catalog::ObjectIndex& index, Plan& plan)
      : staging_(staging), index_(index), recorded_(index), plan_(plan) {}

  Result<DeltaChanges> run(std::int64_t memory_bytes) {
    EC_ASSIGN_OR_RETURN(runs_, open_runs(staging_, plan_));
    EC_TRY(collect_objects());
    parts_ =
        1 + static_cast<std::uint64_t>(std::ssize(objects_) * kEntryBytes / std::max<std::int64_t>(1, memory_bytes));
    for (std::uint64_t part = 0; part < parts_; ++part) EC_TRY(decide(part));
    return std::move(changes_);
  }

 private:
  Status collect_objects();
  Status find_moved(std::vector<catalog::Holding>& holdings);
  Status decide(std::uint64_t part);
  Status read_entries(std::uint64_t part, std::vector<catalog::ObjectEntry>& entries,
                      std::vector<EntryPosition>& positions) const;
  void take(pipeline::EntryDecision decision, const std::vector<EntryPosition>& positions);
  bool is_in(std::uint64_t part, const Hash128& identity) const;

  const Staging& staging_;
  const catalog::ObjectIndex& index_;
  const pipeline::StagedObjects recorded_;
  Plan& plan_;
  std::vector<std::unique_ptr<catalog::RunReader>> runs_;  // as in plan_.runs
  std::vector<Hash128> objects_;                           // all that are staged, ascending
  std::vector<catalog::ObjectEntry> left_;                 // recorded entries of those that hold another item now
  std::uint64_t parts_ = 1;
  DeltaChanges changes_;
};

// Items are dealt to the parts by the beginning of their hashes.
bool DeltaDecision::is_in(std::uint64_t part, const Hash128& identity) const {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 4; ++i) prefix = prefix << 8 | identity.bytes[i];
  return (prefix * parts_) >> 32 == part;
}

Status DeltaDecision::collect_objects() {
  std::vector<catalog::Holding> holdings;
  for (std::int32_t r = 0; r < std::ssize(runs_); ++r) {
    const auto& reader = runs_[static_cast<std::size_t>(r)];
    if (!reader) continue;
    std::int64_t row = 0;
    EC_TRY(reader->scan_keys([&](const catalog::RunKey& key) -> Status {
      if (plan_.repeated_entries.contains({r, row++})) return {};
      objects_.push_back(key.object);
      holdings.push_back({key.object, key.identity});
      return holdings.size() < kHoldingsAtOnce ? Status{} : find_moved(holdings);
    }));
  }
  EC_TRY(find_moved(holdings));
  std::ranges::sort(objects_);
  return {};
}

Status DeltaDecision::find_moved(std::vector<catalog::Holding>& holdings) {
  EC_ASSIGN_OR_RETURN(auto moved, index_.find_moved(holdings));
  std::ranges::move(moved, std::back_inserter(left_));
  holdings.clear();
  return {};
}

Status DeltaDecision::decide(std::uint64_t part) {
  std::vector<catalog::ObjectEntry> entries;
  std::vector<EntryPosition> positions;
  EC_TRY(read_entries(part, entries, positions));
  pipeline::Company company{
      .left = {}, .comes = [&](const Hash128& object) { return std::ranges::binary_search(objects_, object); }};
  std::ranges::copy_if(left_, std::back_inserter(company.left),
                       [&](const auto& entry) { return is_in(part, entry.identity); });
  EC_ASSIGN_OR_RETURN(auto decision, pipeline::decide_part(std::move(entries), company, recorded_));
  take(std::move(decision), positions);
  return {};
}

Status DeltaDecision::read_entries(std::uint64_t part, std::vector<catalog::ObjectEntry>& entries,
                                   std::vector<EntryPosition>& positions) const {
  for (std::int32_t r = 0; r < std::ssize(runs_); ++r) {
    const auto& reader = runs_[static_cast<std::size_t>(r)];
    EntryPosition at{.run = r, .row = 0};
    for (int group = 0; reader && group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(auto rows, reader->read_row_group(group));
      for (auto& row : rows) {
        if (row.entry.owns_rows() && is_in(part, row.entry.identity) && !plan_.dropped.contains(at)) {
          entries.push_back(std::move(row.entry));
          positions.push_back(at);
        }
        ++at.row;
      }
    }
  }
  return {};
}

void DeltaDecision::take(pipeline::EntryDecision decision, const std::vector<EntryPosition>& positions) {
  auto winner = decision.winners.begin();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (winner != decision.winners.end() && *winner == i) {
      ++winner;
    } else {
      supersede(plan_, positions[i], std::move(decision.incoming[i]));
    }
  }
  std::ranges::move(decision.displaced, std::back_inserter(changes_.displaced));
  std::ranges::move(decision.forgotten, std::back_inserter(changes_.forgotten));
  for (auto& [bucket, identities] : decision.removals) changes_.removals[bucket].merge(identities);
  changes_.more_items += decision.more_items;
}

}  // namespace

Result<DeltaChanges> decide_delta(const Staging& staging, const catalog::ObjectIndex& index, std::int64_t memory_bytes,
                                  Plan& plan) {
  return annotate(DeltaDecision(staging, index, plan).run(memory_bytes), "deciding what the delta replaces");
}

}  // namespace earthcatalog::backfill
