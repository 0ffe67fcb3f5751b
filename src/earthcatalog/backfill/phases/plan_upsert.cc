#include "earthcatalog/backfill/phases/plan_upsert.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <unordered_set>

#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/index/index_run_file.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kEntryBytes = 1024;  // of memory, with what a decision makes of it
constexpr std::size_t kHoldingsAtOnce = 65'536;

class DeltaDecision {
 public:
  DeltaDecision(const Staging& staging, const index::ObjectIndex& index, const Hooks& hooks, StagedSummary& summary)
      : staging_(staging), index_(index), hooks_(hooks), recorded_(index), summary_(summary) {}

  Result<DeltaChanges> run(std::int64_t memory_bytes) {
    EC_ASSIGN_OR_RETURN(runs_, open_runs(staging_, summary_));
    EC_TRY(collect_objects());
    parts_ =
        1 + static_cast<std::uint64_t>(std::ssize(objects_) * kEntryBytes / std::max<std::int64_t>(1, memory_bytes));
    for (std::uint64_t part = 0; part < parts_; ++part) EC_TRY(decide(part));
    return std::move(changes_);
  }

 private:
  // Some objects that are staged, and where each lies.
  struct Staged {
    std::vector<index::Holding> holdings;
    std::vector<EntryPosition> positions;
  };

  Status collect_objects();
  Status settle(Staged& staged);
  Status leave_out_stale(Staged& staged);
  Status decide(std::uint64_t part);
  Status read_entries(std::uint64_t part, std::vector<index::ObjectEntry>& entries,
                      std::vector<EntryPosition>& positions);
  void sort_in(index::ObjectEntry entry, const EntryPosition& at, std::vector<index::ObjectEntry>& entries,
               std::vector<EntryPosition>& positions);
  void take(ingest::EntryDecision decision, const std::vector<EntryPosition>& positions);
  bool is_in(std::uint64_t part, const Hash128& identity) const;

  const Staging& staging_;
  const index::ObjectIndex& index_;
  const Hooks& hooks_;
  const ingest::StagedObjects recorded_;
  StagedSummary& summary_;
  std::vector<std::unique_ptr<index::RunReader>> runs_;  // as in summary_.runs
  std::vector<Hash128> objects_;                         // all that are staged, ascending
  std::vector<index::ObjectEntry> left_;                 // recorded entries of those that hold another item now
  std::unordered_set<Hash128> left_out_;                 // items of staged objects that somebody recorded since
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
  Staged staged;
  for (std::int32_t r = 0; r < std::ssize(runs_); ++r) {
    const auto& reader = runs_[static_cast<std::size_t>(r)];
    if (!reader) continue;
    std::int64_t row = 0;
    EC_TRY(reader->scan_keys([&](const index::RunKey& key) -> Status {
      const EntryPosition at{.run = r, .row = row++};
      if (summary_.repeated_entries.contains(at)) return {};
      staged.holdings.push_back({key.object, key.identity, key.last_modified});
      staged.positions.push_back(at);
      return staged.holdings.size() < kHoldingsAtOnce ? Status{} : settle(staged);
    }));
  }
  EC_TRY(settle(staged));
  std::ranges::sort(objects_);
  return {};
}

Status DeltaDecision::settle(Staged& staged) {
  EC_TRY(check_stop(hooks_));
  EC_TRY(leave_out_stale(staged));
  for (const auto& holding : staged.holdings) objects_.push_back(holding.object);
  EC_ASSIGN_OR_RETURN(auto moved, index_.find_moved(staged.holdings));
  std::ranges::move(moved, std::back_inserter(left_));
  staged = {};
  return {};
}

// Between staging and this commit another run may have recorded newer versions of the same objects: those stay.
Status DeltaDecision::leave_out_stale(Staged& staged) {
  EC_ASSIGN_OR_RETURN(auto later, index_.find_later(staged.holdings));
  if (later.empty()) return {};
  std::unordered_set<Hash128> recorded;
  for (const auto& entry : later) recorded.insert(entry.object);
  Staged kept, stale;
  for (std::size_t i = 0; i < staged.holdings.size(); ++i) {
    auto& to = recorded.contains(staged.holdings[i].object) ? stale : kept;
    to.holdings.push_back(staged.holdings[i]);
    to.positions.push_back(staged.positions[i]);
  }
  EC_ASSIGN_OR_RETURN(const auto entries, backfill::read_entries(runs_, stale.positions));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    leave_out(summary_, stale.positions[i], entries[i]);
    if (entries[i].owns_rows()) left_out_.insert(entries[i].identity);
  }
  // Over the staged ones, which come with their run.
  std::ranges::move(later, std::back_inserter(summary_.superseded));
  staged = std::move(kept);
  return {};
}

Status DeltaDecision::decide(std::uint64_t part) {
  EC_TRY(check_stop(hooks_));
  std::vector<index::ObjectEntry> entries;
  std::vector<EntryPosition> positions;
  EC_TRY(read_entries(part, entries, positions));
  ingest::Company company{.left = {},
                          .comes = [&](const Hash128& object) { return std::ranges::binary_search(objects_, object); }};
  std::ranges::copy_if(left_, std::back_inserter(company.left),
                       [&](const auto& entry) { return is_in(part, entry.identity); });
  EC_ASSIGN_OR_RETURN(auto decision, ingest::decide_part(std::move(entries), company, recorded_));
  take(std::move(decision), positions);
  return {};
}

Status DeltaDecision::read_entries(std::uint64_t part, std::vector<index::ObjectEntry>& entries,
                                   std::vector<EntryPosition>& positions) {
  for (std::int32_t r = 0; r < std::ssize(runs_); ++r) {
    const auto& reader = runs_[static_cast<std::size_t>(r)];
    EntryPosition at{.run = r, .row = 0};
    for (int group = 0; reader && group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(auto rows, reader->read_row_group(group));
      for (auto& row : rows) {
        if (is_in(part, row.entry.identity)) sort_in(std::move(row.entry), at, entries, positions);
        ++at.row;
      }
    }
  }
  return {};
}

void DeltaDecision::sort_in(index::ObjectEntry entry, const EntryPosition& at, std::vector<index::ObjectEntry>& entries,
                            std::vector<EntryPosition>& positions) {
  if (!entry.owns_rows()) {
    // It lost to another object of its chunk, which may be one that does not count any more, and its rows were never
    // written: the next run shall fetch it.
    if (left_out_.contains(entry.identity)) changes_.forgotten.push_back(entry.object);
  } else if (!summary_.dropped.contains(at)) {
    entries.push_back(std::move(entry));
    positions.push_back(at);
  }
}

void DeltaDecision::take(ingest::EntryDecision decision, const std::vector<EntryPosition>& positions) {
  auto winner = decision.winners.begin();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (winner != decision.winners.end() && *winner == i) {
      ++winner;
    } else {
      supersede(summary_, positions[i], std::move(decision.incoming[i]));
    }
  }
  std::ranges::move(decision.displaced, std::back_inserter(changes_.displaced));
  std::ranges::move(decision.forgotten, std::back_inserter(changes_.forgotten));
  for (auto& [partition, identities] : decision.removals) changes_.removals[partition].merge(identities);
  changes_.more_items += decision.more_items;
}

}  // namespace

Result<DeltaChanges> decide_delta(const Staging& staging, const index::ObjectIndex& index, std::int64_t memory_bytes,
                                  const Hooks& hooks, StagedSummary& summary) {
  return annotate(DeltaDecision(staging, index, hooks, summary).run(memory_bytes), "deciding what the delta replaces");
}

}  // namespace earthcatalog::backfill
