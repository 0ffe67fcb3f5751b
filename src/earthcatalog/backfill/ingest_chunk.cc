#include "earthcatalog/backfill/ingest_chunk.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "earthcatalog/backfill/object_list.h"
#include "earthcatalog/backfill/staged_rows.h"
#include "earthcatalog/backfill/write_chunks.h"
#include "earthcatalog/catalog/index_run_file.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/pipeline/ingest_stage.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kEntriesPerRowGroup = 2'000;  // register reads one row group of every chunk at once

// One attempt from its parts; lives for one call of run().
class ChunkIngest {
 public:
  ChunkIngest(storage::Stores& stores, const IngestChunkSpec& spec, TimeMicros started, const pipeline::Hooks& hooks)
      : stores_(stores),
        spec_(spec),
        hooks_(hooks),
        staging_(stores, spec.staging),
        at_{spec.chunk, spec.attempt},
        problems_(stores, staging_.problems(at_)) {
    record_.chunk = spec.chunk;
    record_.attempt = spec.attempt;
    record_.started = started;
  }

  Result<ChunkRecord> run();

 private:
  Status stage_all();
  Status take(pipeline::IngestStage& stage);
  void count(const pipeline::ChunkPart& part);
  void remember(const pipeline::ChunkPart& part);
  Status write_entries();
  Status write_pending_list();

  storage::Stores& stores_;
  const IngestChunkSpec& spec_;
  const pipeline::Hooks& hooks_;
  const Staging staging_;
  const Attempt at_;
  pipeline::Problems problems_;
  std::shared_ptr<const grid::Partitioner> grid_;
  int parts_ = 0;
  ChunkRecord record_;
  std::unordered_set<Hash128> staged_;  // objects
  std::vector<catalog::ObjectEntry> entries_;
  std::vector<pipeline::PendingObject> pending_;
};

Result<ChunkRecord> ChunkIngest::run() {
  const auto start = std::chrono::steady_clock::now();
  EC_ASSIGN_OR_RETURN(grid_, grid::make_partitioner(stores_, {.type = spec_.grid_type,
                                                              .resolution = spec_.resolution,
                                                              .boundaries_path = spec_.boundaries_path,
                                                              .id_field = spec_.id_field}));
  EC_TRY(stage_all());
  EC_TRY(write_entries());
  EC_TRY(write_pending_list());
  EC_ASSIGN_OR_RETURN(record_.problems, problems_.finish());
  record_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (record_.source_items !=
      record_.staged_items + record_.repeated + record_.missing + record_.pending + record_.rejected) {
    return fail(ErrorKind::kInvalidData, "chunk {}: the counts do not add up; please report this", at_.chunk);
  }
  EC_TRY(staging_.write(staging_.done(at_), to_json_text(record_)));
  return std::move(record_);
}

Status ChunkIngest::stage_all() {
  const auto list = at_.number == 0 ? staging_.chunk(at_.chunk) : staging_.pending(at_.chunk);
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, list, {.suffix = ""}));
  const auto workers = static_cast<std::size_t>(std::max(1, spec_.workers));
  pipeline::ChunkSource source(
      *inventory, [](std::span<const storage::ObjectRef> objects) { return std::vector<bool>(objects.size()); },
      {.chunk_size = 20'000, .workers = workers});
  // With the columns of `auto`, so that every property is observed; phase 3 decides which schema it will be.
  pipeline::StartSchema schema(std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto)),
                               false);
  fetch::FetchOptions fetch{.concurrency = spec_.fetch_concurrency, .max_object_bytes = spec_.max_object_bytes};
  fetch.source_root = spec_.source_root;
  pipeline::IngestStage stage(
      stores_, source, *grid_, problems_, schema,
      {.fetch = fetch, .workers = workers, .memory_limit_bytes = spec_.memory_limit_bytes, .keep_text = true});
  while (!stage.wait(std::chrono::milliseconds(200))) {
    if (hooks_.stop != nullptr && hooks_.stop->load()) {
      stage.stop();
      return fail(ErrorKind::kCancelled, "stopped");
    }
    if (hooks_.progress) hooks_.progress(stage.progress());
    if (stage.memory_is_short() && stage.has_complete_chunk()) EC_TRY(take(stage));
  }
  EC_TRY(stage.status());
  EC_TRY(take(stage));
  record_.bytes_fetched = static_cast<std::int64_t>(stage.fetch_counters().bytes);
  return {};
}

Status ChunkIngest::take(pipeline::IngestStage& stage) {
  std::vector<std::unique_ptr<pipeline::ChunkPart>> parts;
  std::int64_t held = 0;
  for (const auto& chunk : stage.take_complete_chunks()) {
    record_.source_items += chunk->source_items;
    record_.missing += chunk->missing;
    record_.pending += chunk->pending;
    record_.rejected += chunk->rejected;
    std::ranges::move(chunk->pending_objects, std::back_inserter(pending_));
    for (auto& part : chunk->parts) {
      if (part) parts.push_back(std::move(part));
    }
  }
  for (const auto& part : parts) {
    held += part->accounted_bytes;
    record_.repeated += static_cast<std::int64_t>(std::erase_if(part->items, [&](const pipeline::ItemRecord& item) {
      return !staged_.insert(object_hash(item.object.bucket, item.object.key)).second;
    }));
    count(*part);
    remember(*part);
  }
  if (!parts.empty()) {
    EC_ASSIGN_OR_RETURN(auto files, write_rows(staging_, *grid_, parts,
                                               {.attempt = at_,
                                                .part = parts_++,
                                                .workers = static_cast<std::size_t>(std::max(1, spec_.workers))}));
    for (auto& file : files) {
      record_.rows += file.rows;
      record_.files.push_back(std::move(file));
    }
  }
  stage.release(held);
  return {};
}

void ChunkIngest::count(const pipeline::ChunkPart& part) {
  record_.staged_items += std::ssize(part.items);
  record_.item_dates_unparseable += std::ranges::count_if(part.items, &pipeline::ItemRecord::undatable);
  record_.all_itslive = record_.all_itslive && part.all_itslive;
  for (const auto& [name, kinds] : part.observed) record_.observed[name].merge(kinds);
  for (const auto& [name, kinds] : part.batch.observed()) record_.observed[name].merge(kinds);
}

void ChunkIngest::remember(const pipeline::ChunkPart& part) {
  for (const auto& item : part.items) {
    auto& entry = entries_.emplace_back(catalog::entry_of(item.object));
    entry.identity = item.identity;
    entry.updated = item.updated;
    if (item.year != pipeline::kUnknownYear) entry.year = item.year;
    for (std::uint32_t c = 0; c < item.cell_count; ++c) {
      const auto cell = part.cells[item.first_cell + c];
      entry.cells.push_back(cell == grid::kNoCell ? std::string(grid::kNoCellName) : grid_->name(cell));
    }
    record_.items.add(entry, 1);
  }
}

// As a run of the object index: register merges the chunks' runs without looking at their entries.
Status ChunkIngest::write_entries() {
  if (entries_.empty()) return {};
  std::ranges::sort(entries_, {}, &catalog::ObjectEntry::object);
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(staging_.objects(at_)));
  EC_ASSIGN_OR_RETURN(const auto writer, catalog::RunWriter::create(where, kEntriesPerRowGroup));
  for (auto& entry : entries_) EC_TRY(writer->append({.entry = std::move(entry)}));
  EC_ASSIGN_OR_RETURN(const auto info, writer->finish());
  record_.object_entries = info.entries;
  record_.objects_bytes = info.size_bytes;
  return {};
}

Status ChunkIngest::write_pending_list() {
  const auto uri = staging_.pending(at_.chunk);
  if (pending_.empty()) return at_.number == 0 ? Status{} : staging_.remove(uri);
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(uri));
  return write_pending(where, pending_, system_now());
}

}  // namespace

Result<std::optional<ChunkRecord>> read_chunk_record(const Staging& staging, Attempt attempt, TimeMicros started) {
  const auto uri = staging.done(attempt);
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(uri));
  if (!text) return std::nullopt;
  auto record = parse_json<ChunkRecord>(*text, uri);
  if (!record) return fail(ErrorKind::kInvalidData, "{}; remove it and run again", record.error().message);
  if (record->started != started) return std::nullopt;
  return std::move(*record);
}

Result<ChunkRecord> ingest_chunk(storage::Stores& stores, const IngestChunkSpec& spec, const pipeline::Hooks& hooks) {
  const Staging staging(stores, spec.staging);
  EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging));
  if (!run) return fail(ErrorKind::kNotFound, "{} holds no backfill (any more)", spec.staging);
  EC_ASSIGN_OR_RETURN(auto done, read_chunk_record(staging, {spec.chunk, spec.attempt}, run->started));
  if (done) return std::move(*done);
  return annotate(ChunkIngest(stores, spec, run->started, hooks).run(), fmt::format("chunk {}", spec.chunk));
}

}  // namespace earthcatalog::backfill
