#include "earthcatalog/index/object_index.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/index/index_merge.h"
#include "earthcatalog/index/index_run.h"
#include "earthcatalog/index/update_source.h"
#include "earthcatalog/index/version_order.h"
#include "earthcatalog/storage/object_version.h"

namespace earthcatalog::index {
namespace {

using Runs = std::vector<std::shared_ptr<const IndexRun>>;

// Objects to look up, ascending, so that neighbours lie in neighbouring pages; and which of the asked for each is.
using Wanted = std::vector<std::pair<Hash128, std::size_t>>;

// Calls `visit(which, run, position, record)` with the entry that counts of each object that any run knows.
template <class Visit>
Status find_youngest(const Runs& runs, Wanted open, Visit&& visit) {
  std::ranges::sort(open);
  for (std::size_t run = runs.size(); run-- > 0 && !open.empty();) {
    EC_ASSIGN_OR_RETURN(const auto* table, runs[run]->objects());
    std::size_t kept = 0;
    for (const auto& wanted : open) {
      bool found = false;
      EC_TRY(table->find(wanted.first, [&](std::int64_t position, const ObjectRecord& record) {
        found = true;
        visit(wanted.second, run, position, record);
      }));
      if (!found) open[kept++] = wanted;
    }
    open.resize(kept);
  }
  return {};
}

Result<std::vector<std::unique_ptr<RunReader>>> open_all(storage::Stores& stores, const std::vector<RunInfo>& runs) {
  std::vector<std::unique_ptr<RunReader>> readers(runs.size());
  std::int64_t bytes = 0;
  for (const auto& run : runs) bytes += run.size_bytes;
  const auto reading = bytes <= kKeptRunBytes ? RunReader::Reading::kWhole : RunReader::Reading::kByRowGroup;
  EC_TRY(parallel_for(runs.size(), stores.parallel(1), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(runs[i].uri));
    EC_ASSIGN_OR_RETURN(readers[i], RunReader::open(where, runs[i].size_bytes, reading));
    return {};
  }));
  return readers;
}

// Returns true when a run younger than number `run` says something of `object`.
Result<bool> replaced(const Runs& runs, std::size_t run, const Hash128& object) {
  for (std::size_t younger = run + 1; younger < runs.size(); ++younger) {
    EC_ASSIGN_OR_RETURN(const auto* table, runs[younger]->objects());
    bool found = false;
    EC_TRY(table->find(object, [&](std::int64_t, const ObjectRecord&) { found = true; }));
    if (found) return true;
  }
  return false;
}

}  // namespace

struct ObjectIndex::State {
  storage::Stores* stores = nullptr;
  ObjectIndexOptions options;
  IndexManifest manifest;
  Runs runs;  // as in manifest.runs

  // Adds the entries at `rows` of a run, which ascend, to `found`.
  Status read_entries(std::size_t run, const std::vector<std::int64_t>& rows, std::vector<ObjectEntry>& found) const {
    if (rows.empty()) return {};
    EC_ASSIGN_OR_RETURN(const auto* reader, runs[run]->reader());
    return reader->read_rows(rows, [&](ObjectEntry&& entry) { found.push_back(std::move(entry)); });
  }

  // The entries that count of those objects of `now` for which `differs(record, holding)`.
  template <class Differs>
  Result<std::vector<ObjectEntry>> find_different(std::span<const Holding> now, Differs&& differs) const;

  // A new file "<uri>.parquet"; when there is one, because a run id was used again, "<uri>_2.parquet" and so on.
  Result<std::unique_ptr<RunWriter>> create_run(const std::string& uri) const {
    for (int number = 1;; ++number) {
      const std::string suffix = number == 1 ? "" : fmt::format("_{}", number);
      EC_ASSIGN_OR_RETURN(const auto where, stores->locate(uri + suffix + ".parquet"));
      auto writer = RunWriter::create(where, options.row_group_rows, storage::Existing::kRefuse);
      if (writer || writer.error().kind != ErrorKind::kAlreadyExists) return writer;
    }
  }

  // Writes what `sources` merge to as one run. Nothing when no entry is left.
  Result<std::shared_ptr<const IndexRun>> write_run(std::vector<std::unique_ptr<EntrySource>> sources,
                                                    const std::string& uri, std::int64_t expected,
                                                    bool keep_forgotten) const {
    EC_ASSIGN_OR_RETURN(auto writer, create_run(uri));
    auto table = std::make_unique<ObjectTable>(expected, table_options(options));
    EC_TRY(merge_entries(std::move(sources), [&](RunEntry&& entry) -> Status {
      if (entry.forgotten && !keep_forgotten) return {};
      const RunKey key = key_of(entry);
      EC_TRY(table->append({.key = key.object, .identity = key.identity, .version = version_of(key)}));
      return annotate(writer->append(entry), fmt::format("writing {}", uri));
    }));
    EC_TRY(table->finish());
    EC_ASSIGN_OR_RETURN(RunInfo info, annotate(writer->finish(), fmt::format("writing {}", uri)));
    return std::make_shared<const IndexRun>(*stores, std::move(info), options, std::move(table));
  }
};

ObjectEntry entry_of(const storage::ObjectRef& ref) {
  ObjectEntry entry;
  entry.object = object_hash(ref.bucket, ref.key);
  entry.name = ref.bucket + "/" + ref.key;
  entry.etag = ref.etag;
  entry.last_modified = ref.last_modified;
  entry.size_bytes = ref.size_bytes;
  return entry;
}

bool newer(const ObjectEntry& a, const ObjectEntry& b) {
  return newer(ObjectVersion{a.updated, a.last_modified, a.name}, ObjectVersion{b.updated, b.last_modified, b.name});
}

void supersede(ObjectEntry owner, IndexUpdate& update) {
  owner.cells.clear();
  if (owner.name.empty()) {
    update.forgotten.push_back(owner.object);
  } else {
    update.entries.push_back(std::move(owner));
  }
}

ObjectIndex::ObjectIndex(std::shared_ptr<const State> state) : state_(std::move(state)) {}

ObjectIndex ObjectIndex::open(storage::Stores& stores, const IndexManifest& manifest,
                              const ObjectIndexOptions& options) {
  auto state = std::make_shared<State>(State{.stores = &stores, .options = options, .manifest = manifest, .runs = {}});
  for (const auto& run : manifest.runs) state->runs.push_back(std::make_shared<const IndexRun>(stores, run, options));
  return ObjectIndex(std::move(state));
}

const IndexManifest& ObjectIndex::manifest() const { return state_->manifest; }

const ObjectIndexOptions& ObjectIndex::options() const { return state_->options; }

std::int64_t ObjectIndex::entries() const {
  std::int64_t sum = 0;
  for (const auto& run : state_->manifest.runs) sum += run.entries;
  return sum;
}

void ObjectIndex::retire_except(std::initializer_list<const ObjectIndex*> kept) const {
  for (const auto& run : state_->runs) {
    const auto names_it = [&](const ObjectIndex* index) {
      return std::ranges::find(index->manifest().runs, run->info().uri, &RunInfo::uri) != index->manifest().runs.end();
    };
    if (std::ranges::none_of(kept, names_it)) run->retire();
  }
}

Result<std::vector<ObjectState>> ObjectIndex::lookup(std::span<const storage::ObjectRef> objects) const {
  Wanted wanted;
  wanted.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    wanted.emplace_back(object_hash(objects[i].bucket, objects[i].key), i);
  }
  std::vector<ObjectState> states(objects.size(), ObjectState::kUnknown);
  EC_TRY(find_youngest(
      state_->runs, std::move(wanted), [&](std::size_t i, std::size_t, std::int64_t, const ObjectRecord& record) {
        if (record.version.forgotten()) return;
        states[i] = record.version.matches(PackedVersion(objects[i])) ? ObjectState::kUnchanged : ObjectState::kChanged;
      }));
  return states;
}

template <class Differs>
Result<std::vector<ObjectEntry>> ObjectIndex::State::find_different(std::span<const Holding> now,
                                                                    Differs&& differs) const {
  Wanted wanted;
  wanted.reserve(now.size());
  for (std::size_t i = 0; i < now.size(); ++i) wanted.emplace_back(now[i].object, i);
  std::vector<std::vector<std::int64_t>> rows(runs.size());
  EC_TRY(find_youngest(runs, std::move(wanted),
                       [&](std::size_t i, std::size_t run, std::int64_t position, const ObjectRecord& record) {
                         if (differs(record, now[i])) rows[run].push_back(position);
                       }));
  std::vector<ObjectEntry> found;
  for (std::size_t run = 0; run < rows.size(); ++run) EC_TRY(read_entries(run, rows[run], found));
  return found;
}

Result<std::vector<ObjectEntry>> ObjectIndex::find_moved(std::span<const Holding> now) const {
  return state_->find_different(now, [](const ObjectRecord& recorded, const Holding& holding) {
    return recorded.version.owns_rows() && recorded.identity != holding.identity;
  });
}

Result<std::vector<ObjectEntry>> ObjectIndex::find_later(std::span<const Holding> now) const {
  return state_->find_different(now, [](const ObjectRecord& recorded, const Holding& holding) {
    const auto then = recorded.version.last_modified();
    return then && holding.last_modified && !recorded.version.forgotten() && *then > *holding.last_modified &&
           !storage::same_modification(*then, *holding.last_modified);
  });
}

Result<std::vector<ObjectEntry>> ObjectIndex::find_holders(std::span<const Hash128> identities) const {
  std::vector<Hash128> wanted(identities.begin(), identities.end());
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  std::vector<ObjectEntry> found;
  for (std::size_t run = 0; run < state_->runs.size(); ++run) {
    EC_ASSIGN_OR_RETURN(const auto* table, state_->runs[run]->identities());
    std::vector<std::int64_t> candidates, rows;
    for (const auto& identity : wanted) {
      EC_TRY(table->find(identity,
                         [&](std::int64_t, const IdentityRecord& record) { candidates.push_back(record.position); }));
    }
    std::ranges::sort(candidates);
    EC_ASSIGN_OR_RETURN(const auto* objects, state_->runs[run]->objects());
    for (const auto position : candidates) {
      EC_ASSIGN_OR_RETURN(const ObjectRecord record, objects->at(position));
      EC_ASSIGN_OR_RETURN(const bool old, replaced(state_->runs, run, record.key));
      if (!old) rows.push_back(position);
    }
    EC_TRY(state_->read_entries(run, rows, found));
  }
  return found;
}

Result<bool> ObjectIndex::is_whole() const {
  for (const auto& run : manifest().runs) {
    EC_ASSIGN_OR_RETURN(const auto where, state_->stores->locate(run.uri));
    EC_ASSIGN_OR_RETURN(const auto head, where.store->head(where.key));
    if (!head || head->size_bytes != run.size_bytes) return false;
  }
  return true;
}

// An item of which other engines wrote some rows has several entries, all of them but one without an object's name.
Result<std::int64_t> ObjectIndex::count_items() const {
  if (manifest().items) return *manifest().items;
  std::int64_t items = 0;
  std::unordered_set<Hash128> unnamed;
  EC_TRY(scan([&](ObjectEntry&& entry) -> Status {
    if (entry.owns_rows() && !entry.name.empty()) ++items;
    if (entry.owns_rows() && entry.name.empty()) unnamed.insert(entry.identity);
    return {};
  }));
  if (unnamed.empty() || items == 0) return items + std::ssize(unnamed);
  EC_TRY(scan([&](ObjectEntry&& entry) -> Status {
    if (entry.owns_rows() && !entry.name.empty()) unnamed.erase(entry.identity);
    return {};
  }));
  return items + std::ssize(unnamed);
}

Status ObjectIndex::scan(const std::function<Status(ObjectEntry&&)>& visit) const {
  std::vector<std::unique_ptr<EntrySource>> sources;
  for (const auto& run : state_->runs) {
    EC_ASSIGN_OR_RETURN(const auto* reader, run->reader());
    sources.push_back(source_of(*reader));
  }
  return merge_entries(std::move(sources), [&](RunEntry&& entry) -> Status {
    return entry.forgotten ? Status{} : visit(std::move(entry.entry));
  });
}

Result<ObjectIndex> ObjectIndex::apply(const IndexUpdate& update, const std::string& folder_uri,
                                       const std::string& name, std::optional<std::int64_t> snapshot_id) const {
  auto next = std::make_shared<State>(*state_);
  next->manifest.snapshot_id = snapshot_id;
  auto changes = std::make_unique<UpdateSource>(update);
  auto& items = next->manifest.items;
  if (update.from_nothing) {
    next->runs.clear();
    next->manifest.runs.clear();
    items = 0;
  }
  if (changes->size() == 0 && update.runs.empty()) return ObjectIndex(std::move(next));
  items = items && update.more_items ? std::optional(*items + *update.more_items) : std::nullopt;

  std::vector<std::int64_t> sizes;
  for (const auto& run : next->manifest.runs) sizes.push_back(run.entries);
  sizes.push_back(static_cast<std::int64_t>(changes->size()));
  for (const auto& run : update.runs) sizes.back() += run.entries;
  const std::size_t merged = sizes.size() > next->options.max_runs ? runs_to_merge(sizes) : 1;
  const std::size_t kept = sizes.size() - merged;

  std::vector<std::unique_ptr<EntrySource>> sources;
  std::int64_t expected = sizes.back();
  for (std::size_t run = kept; run < next->runs.size(); ++run) {
    EC_ASSIGN_OR_RETURN(const auto* reader, next->runs[run]->reader());
    sources.push_back(source_of(*reader));
    expected += sizes[run];
  }
  EC_ASSIGN_OR_RETURN(const auto readers, open_all(*next->stores, update.runs));
  for (const auto& reader : readers) sources.push_back(source_of(*reader));
  sources.push_back(std::move(changes));
  EC_ASSIGN_OR_RETURN(auto run,
                      next->write_run(std::move(sources), storage::join_uri(folder_uri, name), expected, kept > 0));
  next->runs.resize(kept);
  next->manifest.runs.resize(kept);
  next->manifest.runs.push_back(run->info());
  next->runs.push_back(std::move(run));
  return ObjectIndex(std::move(next));
}

}  // namespace earthcatalog::index
