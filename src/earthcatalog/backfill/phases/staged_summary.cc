#include "earthcatalog/backfill/phases/staged_summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/extsort/hash_sorter.h"

namespace earthcatalog::backfill {
namespace {

struct EntryAt {
  Hash128 key;  // of the object, or of its item
  EntryPosition at;
  auto operator<=>(const EntryAt&) const = default;
};

using EntrySorter = extsort::HashSorter<EntryAt>;

class Planner {
 public:
  Planner(const Staging& staging, const RunRecord& run, const SummaryOptions& options)
      : staging_(staging), run_(run), options_(options) {}

  Result<StagedSummary> run() {
    EC_TRY(read_chunks());
    for (auto& [partition, group] : groups_) summary_.groups.push_back(std::move(group));
    EC_TRY(find_dropped());
    name_plan();
    return std::move(summary_);
  }

 private:
  Status read_chunks();
  using TwoAttempts = std::array<std::optional<ChunkRecord>, 2>;
  Result<std::vector<ChunkRecord>> read_chunk(std::int64_t chunk, TwoAttempts found) const;
  void add(ChunkRecord record);
  Status find_dropped();
  Status read_entries(EntrySorter& objects, EntrySorter& items);
  Status drop(std::span<const EntryAt> same, bool same_object);
  void name_plan();

  const Staging& staging_;
  const RunRecord& run_;
  const SummaryOptions& options_;
  StagedSummary summary_;
  std::map<write::Partition, StagedGroup> groups_;
  std::vector<std::unique_ptr<index::RunReader>> readers_;
};

// Some chunks at a time: their records name millions of files.
Status Planner::read_chunks() {
  const auto parallel = staging_.stores().parallel(1);
  const auto window = static_cast<std::int64_t>(parallel.under_way);
  for (std::int64_t first = 0; first < run_.chunks; first += window) {
    EC_TRY(check_stop(options_.hooks));
    const auto count = static_cast<std::size_t>(std::min(window, run_.chunks - first));
    std::vector<TwoAttempts> found(count);
    EC_TRY(parallel_for(2 * count, parallel, [&](std::size_t i) -> Status {
      const Attempt at{first + static_cast<std::int64_t>(i / 2), run_.first_attempt + static_cast<int>(i % 2)};
      EC_ASSIGN_OR_RETURN(found[i / 2][i % 2], read_chunk_record(staging_, at, run_.started));
      return {};
    }));
    std::vector<std::vector<ChunkRecord>> chunks(count);
    EC_TRY(parallel_for(count, parallel, [&](std::size_t i) -> Status {
      EC_ASSIGN_OR_RETURN(chunks[i], read_chunk(first + static_cast<std::int64_t>(i), std::move(found[i])));
      return {};
    }));
    for (auto& records : chunks) {
      for (auto& record : records) add(std::move(record));
    }
    if (options_.hooks.progress) {
      options_.hooks.progress(
          {.settled = first + std::ssize(chunks), .total = run_.chunks, .stage = "plan", .unit = "chunks"});
    }
  }
  return {};
}

// `found`: the markers of the first attempt and of the one after it, as far as they are there.
Result<std::vector<ChunkRecord>> Planner::read_chunk(std::int64_t chunk, TwoAttempts found) const {
  std::vector<ChunkRecord> records;
  for (int attempt = run_.first_attempt;; ++attempt) {
    const auto number = static_cast<std::size_t>(attempt - run_.first_attempt);
    std::optional<ChunkRecord> record;
    if (number < found.size()) {
      record = std::move(found[number]);
    } else {
      EC_ASSIGN_OR_RETURN(record, read_chunk_record(staging_, {chunk, attempt}, run_.started));
    }
    if (record) {
      records.push_back(std::move(*record));
      continue;
    }
    if (attempt > run_.first_attempt) return records;
    // A retry concerns the chunks of which something is pending.
    bool expected = attempt == 0;
    if (!expected) {
      EC_ASSIGN_OR_RETURN(expected, staging_.exists(staging_.pending(chunk)));
    }
    if (!expected) return records;
    return fail(ErrorKind::kNotFound, "chunk {} is not ingested yet: there is no {}", chunk,
                staging_.done({chunk, attempt}));
  }
}

void Planner::add(ChunkRecord record) {
  for (const auto& file : record.files) {
    auto& group = groups_[file.partition];
    group.partition = file.partition;
    group.files.push_back(
        {.attempt = record.at(), .number = file.number, .rows = file.rows, .bytes = file.bytes, .items = file.items});
  }
  for (const auto& [name, kinds] : record.observed) summary_.observed[name].merge(kinds);
  summary_.all_itslive = summary_.all_itslive && record.all_itslive;
  summary_.items.add(record.items);
  // What was pending before this attempt is counted by it.
  if (record.attempt == run_.first_attempt) {
    summary_.source_items += record.source_items;
  } else {
    summary_.pending -= record.source_items;
  }
  summary_.staged_items += record.staged_items;
  summary_.repeated += record.repeated;
  summary_.missing += record.missing;
  if (summary_.first_missing.empty()) summary_.first_missing = record.first_missing;
  summary_.pending += record.pending;
  summary_.rejected += record.rejected;
  summary_.superseded_before += record.superseded;
  for (int spill = 0; spill < std::ssize(record.runs); ++spill) {
    summary_.runs.push_back({{record.at(), spill}, record.runs[static_cast<std::size_t>(spill)]});
  }
  record.files.clear();
  if (record.schemas.empty()) record.observed.clear();
  summary_.records.push_back(std::move(record));
}

// Objects that several attempts staged (a list of pending objects that was older than its chunk), and items that
// several objects hold: of each, the newest counts. In a delta the table has a say in the latter.
Status Planner::find_dropped() {
  const extsort::HashTableOptions half{.scratch_folder = options_.scratch_folder,
                                       .memory_bytes = options_.memory_bytes / 2};
  EntrySorter objects(half), items(half);
  EC_TRY(read_entries(objects, items));
  for (const bool same_object : {true, false}) {
    if (!same_object && options_.delta) break;
    auto& sorter = same_object ? objects : items;
    EC_TRY(sorter.drain([&](std::span<const EntryAt> part) -> Status {
      EC_TRY(check_stop(options_.hooks));
      for (std::size_t first = 0, end = 0; first < part.size(); first = end) {
        while (end < part.size() && part[end].key == part[first].key) ++end;
        if (end - first > 1) EC_TRY(drop(part.subspan(first, end - first), same_object));
      }
      return {};
    }));
  }
  return {};
}

Status Planner::read_entries(EntrySorter& objects, EntrySorter& items) {
  EC_ASSIGN_OR_RETURN(readers_, open_runs(staging_, summary_));
  std::mutex mutex;  // of the sorters
  return parallel_for(readers_.size(), staging_.stores().parallel(1), [&](std::size_t r) -> Status {
    EC_TRY(check_stop(options_.hooks));
    if (!readers_[r]) return {};
    std::int64_t row = 0;
    return readers_[r]->scan_keys([&](const index::RunKey& key) -> Status {
      const EntryPosition at{static_cast<std::int32_t>(r), row++};
      const std::lock_guard lock(mutex);
      EC_TRY(objects.add({key.object, at}));
      return key.owns_rows && !options_.delta ? items.add({key.identity, at}) : Status{};
    });
  });
}

Status Planner::drop(std::span<const EntryAt> same, bool same_object) {
  struct Contender {
    EntryPosition at;
    index::ObjectEntry entry;
  };
  std::vector<EntryPosition> positions;
  for (const auto& [key, at] : same) {
    if (!summary_.repeated_entries.contains(at)) positions.push_back(at);
  }
  if (positions.size() < 2) return {};
  EC_ASSIGN_OR_RETURN(auto entries, backfill::read_entries(readers_, positions));
  std::vector<Contender> contenders;
  for (std::size_t i = 0; i < positions.size(); ++i) contenders.push_back({positions[i], std::move(entries[i])});
  // Of one object the last attempt, of one item the newest version.
  const auto best = std::ranges::max_element(contenders, [&](const Contender& a, const Contender& b) {
    return same_object ? a.at.run < b.at.run : index::newer(b.entry, a.entry);
  });
  for (auto contender = contenders.begin(); contender != contenders.end(); ++contender) {
    if (contender == best) continue;
    if (same_object) {
      leave_out(summary_, contender->at, contender->entry);
      summary_.repeated_entries.insert(contender->at);
    } else {
      supersede(summary_, contender->at, std::move(contender->entry));
    }
  }
  return {};
}

void Planner::name_plan() {
  std::string text = fmt::format("{} {}", run_.settings.inventory_identity, run_.started);
  for (const auto& record : summary_.records) {
    text += fmt::format(" {}.{}{}:{}", record.chunk, record.attempt, record.writer, record.rows);
    for (const auto& run : record.runs) text += fmt::format(":{}", run.entries);
  }
  summary_.started = run_.started;
  summary_.plan_id = to_hex(hash128(text));
}

}  // namespace

Status check_found(const StagedSummary& summary, const RunRecord& run, const ingest::MissingRule& rule) {
  if (run.first_attempt > 0) return {};
  const auto status = check_missing({.asked = summary.source_items,
                                     .missing = summary.missing,
                                     .pending = summary.pending,
                                     .first = summary.first_missing},
                                    rule);
  if (status) return {};
  return fail(status.error().kind,
              "{}. Nothing was committed. What was fetched stays staged: run with `restart` to fetch anew",
              status.error().message);
}

Result<std::vector<std::unique_ptr<index::RunReader>>> open_runs(const Staging& staging, const StagedSummary& summary) {
  std::vector<std::unique_ptr<index::RunReader>> readers(summary.runs.size());
  EC_TRY(parallel_for(readers.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    const auto& [spill, run] = summary.runs[i];
    if (run.entries == 0) return {};
    EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(staging.objects(spill)));
    EC_ASSIGN_OR_RETURN(readers[i], index::RunReader::open(where, run.bytes));
    return {};
  }));
  return readers;
}

Result<std::vector<index::ObjectEntry>> read_entries(const std::vector<std::unique_ptr<index::RunReader>>& runs,
                                                     std::span<const EntryPosition> at) {
  std::vector<index::ObjectEntry> found;
  found.reserve(at.size());
  for (std::size_t first = 0, end = 0; first < at.size(); first = end) {
    std::vector<std::int64_t> rows;
    for (; end < at.size() && at[end].run == at[first].run; ++end) rows.push_back(at[end].row);
    EC_TRY(runs[static_cast<std::size_t>(at[first].run)]->read_rows(
        rows, [&](index::ObjectEntry&& entry) { found.push_back(std::move(entry)); }));
  }
  return found;
}

void leave_out(StagedSummary& summary, const EntryPosition& at, const index::ObjectEntry& entry) {
  if (!entry.owns_rows()) return;
  const auto& run = summary.runs[static_cast<std::size_t>(at.run)];
  for (const auto& cell : entry.cells) {
    const write::Partition partition{.cell = cell, .year = entry.year};
    const auto group = std::ranges::lower_bound(summary.groups, partition, {}, &StagedGroup::partition);
    if (group == summary.groups.end() || group->partition != partition) continue;
    group->dropped.push_back({run.spill, entry.object, entry.identity});
  }
  summary.dropped.insert(at);
  summary.items.add(entry, -1);
}

void supersede(StagedSummary& summary, const EntryPosition& at, index::ObjectEntry entry) {
  leave_out(summary, at, entry);
  entry.cells.clear();
  summary.superseded.push_back(std::move(entry));
}

Result<StagedSummary> summarize_staged(const Staging& staging, const RunRecord& run, const SummaryOptions& options) {
  return Planner(staging, run, options).run();
}

}  // namespace earthcatalog::backfill
