#include "earthcatalog/backfill/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "earthcatalog/backfill/ingest_chunk.h"
#include "earthcatalog/catalog/hash_sorter.h"
#include "earthcatalog/catalog/index_run_file.h"

namespace earthcatalog::backfill {
namespace {

// Small groups cost more than their bytes: a file each.
constexpr std::size_t kGroupsPerTask = 512;

// Where an entry lies among the object runs of all attempts.
struct EntryAt {
  Hash128 key;  // of the object, or of its item
  std::int32_t record = 0;
  std::int64_t row = 0;
  auto operator<=>(const EntryAt&) const = default;
};

using EntrySorter = catalog::HashSorter<EntryAt>;

std::string hex(const Hash128& hash) { return fmt::format("{:02x}", fmt::join(hash.bytes, "")); }

class Planner {
 public:
  Planner(const Staging& staging, const RunRecord& run, const PlanOptions& options)
      : staging_(staging), run_(run), options_(options) {}

  Result<Plan> run() {
    for (std::int64_t chunk = 0; chunk < run_.chunks; ++chunk) EC_TRY(read_chunk(chunk));
    for (auto& [bucket, files] : groups_) plan_.groups.push_back({.bucket = bucket, .files = std::move(files)});
    EC_TRY(find_dropped());
    cut_tasks();
    name_plan();
    return std::move(plan_);
  }

 private:
  Status read_chunk(std::int64_t chunk);
  void add(ChunkRecord record);
  Status find_dropped();
  Status read_entries(EntrySorter& objects, EntrySorter& items);
  Status drop(std::span<const EntryAt> same, bool same_object);
  Result<catalog::ObjectEntry> entry_at(const EntryAt& at);
  void cut_tasks();
  void name_plan();

  const Staging& staging_;
  const RunRecord& run_;
  const PlanOptions& options_;
  Plan plan_;
  std::map<pipeline::Bucket, std::vector<GroupFile>> groups_;
  std::vector<std::unique_ptr<catalog::RunReader>> readers_;
  std::set<std::pair<std::int32_t, std::int64_t>> gone_;  // entries of objects that a later attempt staged again
};

Status Planner::read_chunk(std::int64_t chunk) {
  for (int attempt = 0;; ++attempt) {
    EC_ASSIGN_OR_RETURN(auto record, read_chunk_record(staging_, {chunk, attempt}, run_.started));
    if (!record && attempt == 0) {
      return fail(ErrorKind::kNotFound, "chunk {} is not ingested yet: there is no {}", chunk,
                  staging_.done({chunk, attempt}));
    }
    if (!record) return {};
    add(std::move(*record));
  }
}

void Planner::add(ChunkRecord record) {
  for (const auto& file : record.files) {
    groups_[file.bucket].push_back(
        {.attempt = {record.chunk, record.attempt}, .part = file.part, .rows = file.rows, .bytes = file.bytes});
  }
  for (const auto& [name, kinds] : record.observed) plan_.observed[name].merge(kinds);
  plan_.all_itslive = plan_.all_itslive && record.all_itslive;
  plan_.items.add(record.items);
  // What was pending before this attempt is counted by it.
  if (record.attempt == 0) {
    plan_.source_items += record.source_items;
  } else {
    plan_.pending -= record.source_items;
  }
  plan_.staged_items += record.staged_items;
  plan_.repeated += record.repeated;
  plan_.missing += record.missing;
  plan_.pending += record.pending;
  plan_.rejected += record.rejected;
  record.files.clear();
  record.observed.clear();
  plan_.records.push_back(std::move(record));
}

// Objects that several attempts staged (a list of pending objects that was older than its chunk), and items that
// several objects hold: of each, the newest counts.
Status Planner::find_dropped() {
  const catalog::HashTableOptions half{.scratch_folder = options_.scratch_folder,
                                       .memory_bytes = options_.memory_bytes / 2};
  EntrySorter objects(half), items(half);
  EC_TRY(read_entries(objects, items));
  for (const bool same_object : {true, false}) {
    auto& sorter = same_object ? objects : items;
    EC_TRY(sorter.drain([&](std::span<const EntryAt> part) -> Status {
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
  for (std::int32_t r = 0; r < std::ssize(plan_.records); ++r) {
    const auto& record = plan_.records[static_cast<std::size_t>(r)];
    auto& reader = readers_.emplace_back();
    if (record.object_entries == 0) continue;
    const auto uri = staging_.objects({record.chunk, record.attempt});
    EC_ASSIGN_OR_RETURN(const auto where, staging_.stores().locate(uri));
    EC_ASSIGN_OR_RETURN(reader, catalog::RunReader::open(where, record.objects_bytes));
    std::int64_t row = 0;
    EC_TRY(reader->scan_keys([&](const catalog::RunKey& key) -> Status {
      EC_TRY(objects.add({key.object, r, row}));
      return items.add({key.identity, r, row++});
    }));
  }
  return {};
}

Result<catalog::ObjectEntry> Planner::entry_at(const EntryAt& at) {
  catalog::ObjectEntry found;
  EC_TRY(readers_[static_cast<std::size_t>(at.record)]->read_rows(
      {at.row}, [&](catalog::ObjectEntry&& entry) { found = std::move(entry); }));
  return found;
}

Status Planner::drop(std::span<const EntryAt> same, bool same_object) {
  struct Contender {
    EntryAt at;
    catalog::ObjectEntry entry;
  };
  std::vector<Contender> contenders;
  for (const auto& at : same) {
    if (gone_.contains({at.record, at.row})) continue;
    EC_ASSIGN_OR_RETURN(auto entry, entry_at(at));
    contenders.push_back({at, std::move(entry)});
  }
  if (contenders.size() < 2) return {};
  // Of one object the last attempt, of one item the newest version.
  const auto best = std::ranges::max_element(contenders, [&](const Contender& a, const Contender& b) {
    return same_object ? a.at.record < b.at.record : catalog::newer(b.entry, a.entry);
  });
  for (auto contender = contenders.begin(); contender != contenders.end(); ++contender) {
    if (contender == best) continue;
    const auto& record = plan_.records[static_cast<std::size_t>(contender->at.record)];
    plan_.dropped.push_back({{record.chunk, record.attempt}, hex(contender->entry.object)});
    plan_.items.add(contender->entry, -1);
    if (same_object) {
      gone_.insert({contender->at.record, contender->at.row});
    } else {
      contender->entry.cells.clear();
      plan_.superseded.push_back(std::move(contender->entry));
    }
  }
  return {};
}

void Planner::cut_tasks() {
  std::size_t first = 0;
  std::int64_t bytes = 0;
  for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
    std::int64_t size = 0;
    for (const auto& file : plan_.groups[g].files) size += file.bytes;
    if (g > first && (bytes + size > options_.task_bytes || g - first == kGroupsPerTask)) {
      plan_.tasks.emplace_back(first, g);
      first = g;
      bytes = 0;
    }
    bytes += size;
  }
  if (first < plan_.groups.size()) plan_.tasks.emplace_back(first, plan_.groups.size());
}

void Planner::name_plan() {
  std::string text = fmt::format("{} {}", run_.settings.inventory_identity, run_.started);
  for (const auto& record : plan_.records) {
    text += fmt::format(" {}.{}:{}:{}", record.chunk, record.attempt, record.rows, record.object_entries);
  }
  for (const auto& [first, end] : plan_.tasks) text += fmt::format(" {}-{}", first, end);
  plan_.plan_id = hex(hash128(text));
}

}  // namespace

Result<Plan> make_plan(const Staging& staging, const RunRecord& run, const PlanOptions& options) {
  return Planner(staging, run, options).run();
}

}  // namespace earthcatalog::backfill
