#include "earthcatalog/backfill/phases/ingest_chunk.h"

#include <algorithm>
#include <unordered_set>

#include "earthcatalog/backfill/phases/chunk_stager.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/staging/object_list.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/catalog/unfinished_run.h"
#include "earthcatalog/ingest/ingest_stage.h"
#include "earthcatalog/ingest/spread.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::backfill {
namespace {

Result<std::optional<ChunkRecord>> parse_chunk_record(const std::string& text, const std::string& uri,
                                                      TimeMicros started) {
  auto record = parse_json<ChunkRecord>(text, uri);
  if (!record) return fail(ErrorKind::kInvalidData, "{}; remove it and run again", record.error().message);
  if (record->started != started) return std::nullopt;
  return std::move(*record);
}

// Fetches one attempt's objects, and stages what they hold; run() is called once.
class ChunkIngest {
 public:
  ChunkIngest(storage::Stores& stores, const IngestChunkSpec& spec, const RunRecord& run, const Hooks& hooks)
      : stores_(stores),
        spec_(spec),
        run_(run),
        hooks_(hooks),
        staging_(stores, spec.staging, spec.parts),
        at_{spec.chunk, spec.attempt, spec.writer},
        problems_(stores, staging_.problems(at_)) {
    record_.chunk = spec.chunk;
    record_.attempt = spec.attempt;
    record_.writer = spec.writer;
    record_.started = run.started;
  }

  Result<ChunkRecord> run();

 private:
  Status stage_all();
  Result<std::string> list_to_fetch() const;
  Result<std::optional<ChunkRecord>> publish_marker();
  Status take(ingest::IngestStage& stage, bool is_last);
  void count(const ingest::ChunkPart& part);
  void look_at_spread(const ChunkParts& parts);
  Status write_next_list();

  storage::Stores& stores_;
  const IngestChunkSpec& spec_;
  const RunRecord& run_;
  const Hooks& hooks_;
  const Staging staging_;
  const Attempt at_;
  ingest::Problems problems_;
  std::shared_ptr<const grid::Partitioner> grid_;
  std::unique_ptr<ChunkStager> stager_;
  ChunkRecord record_;
  std::unordered_set<Hash128> staged_;  // objects
  std::vector<ingest::PendingObject> pending_;
};

Result<ChunkRecord> ChunkIngest::run() {
  const Stopwatch time;
  grid_ = spec_.partitioner;
  if (!grid_) {
    EC_ASSIGN_OR_RETURN(grid_, grid::make_partitioner(stores_, spec_.grid()));
  }
  stager_ = staging_.form().stager({stores_, spec_, run_, staging_, *grid_, record_});
  EC_TRY(stage_all());
  EC_TRY(together({[&] { return write_next_list(); },
                   [&]() -> Status {
                     EC_ASSIGN_OR_RETURN(record_.problems, problems_.finish());
                     return {};
                   }}));
  record_.seconds = time.seconds();
  if (record_.source_items != record_.staged_items + record_.superseded + record_.repeated + record_.missing +
                                  record_.pending + record_.rejected) {
    return fail(ErrorKind::kInvalidData, "chunk {}: the counts do not add up; please report this", at_.chunk);
  }
  EC_ASSIGN_OR_RETURN(auto others, publish_marker());
  if (others) return *std::move(others);
  EC_TRY(publish_pending(staging_, record_));
  return std::move(record_);
}

// The record of another worker that was first, whose files count then; nothing when ours do.
Result<std::optional<ChunkRecord>> ChunkIngest::publish_marker() {
  const auto uri = staging_.done(at_);
  std::optional<ChunkRecord> others;
  EC_TRY(staging_.publish(uri, stager_->marker(), [&](const std::string& text) -> Result<bool> {
    EC_ASSIGN_OR_RETURN(others, parse_chunk_record(text, uri, run_.started));
    return others.has_value();
  }));
  return others;
}

Result<std::string> ChunkIngest::list_to_fetch() const {
  if (at_.number == 0) return staging_.chunk({.chunk = at_.chunk});
  // The first attempt after a commit: an attempt that did not count in it may have left a list of the same number.
  if (at_.number == run_.first_attempt) return staging_.pending(at_.chunk);
  EC_ASSIGN_OR_RETURN(const auto last, read_chunk_record(staging_, {at_.chunk, at_.number - 1}, run_.started));
  return staging_.chunk({at_.chunk, at_.number, last ? last->writer : ""});
}

Status ChunkIngest::stage_all() {
  EC_TRY(check_stop(hooks_));
  EC_ASSIGN_OR_RETURN(const auto list, list_to_fetch());
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, list, {.suffix = ""}));
  const auto workers = static_cast<std::size_t>(std::max(1, spec_.workers));
  ingest::InventoryChunker source(
      *inventory, [](std::span<const storage::ObjectRef> objects) { return std::vector<bool>(objects.size()); },
      {.chunk_size = 20'000, .workers = workers});
  EC_ASSIGN_OR_RETURN(const auto schema, stager_->start_schema());
  fetch::FetchOptions fetch{.concurrency = spec_.fetch_concurrency, .max_object_bytes = spec_.max_object_bytes};
  fetch.source_root = spec_.source_root;
  ingest::IngestStage stage(stores_, source, *grid_, problems_, *schema,
                            {.fetch = fetch,
                             .workers = workers,
                             .memory_limit_bytes = spec_.memory_limit_bytes,
                             .keep_text = stager_->needs_text(),
                             .keep_pending = true});
  while (!stage.wait(std::chrono::milliseconds(200))) {
    if (auto going = check_stop(hooks_); !going) {
      stage.stop();
      return going;
    }
    if (hooks_.progress) hooks_.progress(stage.progress());
    if (stage.memory_is_short() && stage.has_complete_chunk()) EC_TRY(take(stage, false));
  }
  EC_TRY(stage.status());
  EC_TRY(take(stage, true));
  record_.bytes_fetched = static_cast<std::int64_t>(stage.fetch_counters().bytes);
  return {};
}

Status ChunkIngest::take(ingest::IngestStage& stage, bool is_last) {
  ChunkParts parts;
  std::int64_t held = 0;
  for (const auto& chunk : stage.take_complete_chunks()) {
    record_.source_items += chunk->source_items;
    record_.missing += chunk->missing;
    if (record_.first_missing.empty()) record_.first_missing = chunk->first_missing;
    record_.pending += chunk->pending;
    record_.rejected += chunk->rejected;
    std::ranges::move(chunk->pending_objects, std::back_inserter(pending_));
    for (auto& part : chunk->parts) {
      if (part) parts.push_back(std::move(part));
    }
  }
  for (const auto& part : parts) {
    held += part->accounted_bytes;
    record_.repeated += static_cast<std::int64_t>(std::erase_if(part->items, [&](const ingest::ItemRecord& item) {
      return !staged_.insert(object_hash(item.object.bucket, item.object.key)).second;
    }));
    count(*part);
  }
  std::erase_if(parts, [](const auto& part) { return part->items.empty(); });
  look_at_spread(parts);
  EC_TRY(stager_->write(std::move(parts), is_last));
  stage.release(held);
  return {};
}

// Before the rows are written.
void ChunkIngest::look_at_spread(const ChunkParts& parts) {
  if (!record_.warning.empty()) return;
  record_.warning = ingest::warning_of(ingest::spread_of(parts, kMostFileRows)).value_or("");
  if (hooks_.warn && !record_.warning.empty()) hooks_.warn(record_.warning);
}

void ChunkIngest::count(const ingest::ChunkPart& part) {
  record_.staged_items += std::ssize(part.items);
  record_.item_dates_unparseable += std::ranges::count_if(part.items, &ingest::ItemRecord::undatable);
  record_.all_itslive = record_.all_itslive && part.all_itslive;
  for (const auto& [name, kinds] : part.observed) record_.observed[name].merge(kinds);
  for (const auto& [name, kinds] : part.batch.observed()) record_.observed[name].merge(kinds);
}

// What the next attempt will fetch. Not the list of pending objects itself: that is the input of this one as long as
// its marker is not there.
Status ChunkIngest::write_next_list() {
  if (pending_.empty()) return {};
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(staging_.chunk({at_.chunk, at_.number + 1, at_.writer})));
  return write_pending(where, pending_, system_now());
}

Status check_writer(std::string_view writer) {
  const bool hex = writer.find_first_not_of("0123456789abcdef") == writer.npos;
  if (writer.empty() || (writer.size() == 8 && hex)) return {};
  return fail(ErrorKind::kInvalidArgument,
              "the writer of the chunk is \"{}\", and must be 8 hex digits in lower case, or empty", writer);
}

std::string_view without_slashes(std::string_view uri) {
  while (uri.ends_with('/')) uri.remove_suffix(1);
  return uri;
}

// A worker's spec comes from outside: rows of two grids must not get into one table.
Status check_settings(const IngestChunkSpec& spec, const RunSettings& run) {
  RunSettings now = run;
  if (without_slashes(spec.source_root) != without_slashes(run.source_root)) now.source_root = spec.source_root;
  now.set_grid(spec.grid());
  const auto same = check_same(run, now);
  if (same) return {};
  return fail(same.error().kind, "{}; a worker's spec says what write_chunks was told", same.error().message);
}

}  // namespace

Result<std::optional<ChunkRecord>> read_chunk_record(const Staging& staging, const Attempt& attempt,
                                                     TimeMicros started) {
  const auto uri = staging.done(attempt);
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(uri));
  if (!text) return std::nullopt;
  return parse_chunk_record(*text, uri, started);
}

nlohmann::json part_files(const Staging& staging, const ChunkRecord& record) {
  const auto place = catalog::place_of_run(staging.parts());
  auto files = nlohmann::json::array();
  for (const auto& file : record.files) {
    auto uri = staging.rows(file.partition, record.at(), file.number);
    if (place) uri.erase(0, place->warehouse.size() + 1);
    files.push_back({{"s3_key", std::move(uri)},
                     {"grid_partition", file.partition.cell},
                     {"year", file.partition.year},
                     {"row_count", file.rows},
                     {"file_size_bytes", file.bytes}});
  }
  return files;
}

Status publish_pending(const Staging& staging, const ChunkRecord& last) {
  const auto uri = staging.pending(last.chunk);
  if (last.pending == 0) return last.attempt == 0 ? Status{} : staging.remove(uri);
  const auto list = staging.chunk({last.chunk, last.attempt + 1, last.writer});
  EC_ASSIGN_OR_RETURN(const auto bytes, staging.read(list));
  if (!bytes) return fail(ErrorKind::kNotFound, "{} is gone; run with `restart` to stage everything anew", list);
  return staging.write(uri, *bytes);
}

Result<ChunkRecord> ingest_chunk(storage::Stores& stores, const IngestChunkSpec& spec, const Hooks& hooks) {
  EC_TRY(check_writer(spec.writer));
  const Staging staging(stores, spec.staging, spec.parts);
  EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging));
  if (!run) return fail(ErrorKind::kNotFound, "{} holds no backfill (any more)", spec.staging);
  EC_ASSIGN_OR_RETURN(auto done, read_chunk_record(staging, {spec.chunk, spec.attempt}, run->started));
  if (done) return std::move(*done);
  EC_TRY(annotate(check_settings(spec, run->settings), spec.staging));
  if (const auto place = catalog::place_of_run(spec.parts)) {  // for who has not called write_chunks there
    EC_TRY(claim_place(stores, *place));
  }
  return ingest_attempt(stores, spec, *run, hooks);
}

Result<ChunkRecord> ingest_attempt(storage::Stores& stores, const IngestChunkSpec& spec, const RunRecord& run,
                                   const Hooks& hooks) {
  return annotate(ChunkIngest(stores, spec, run, hooks).run(), fmt::format("chunk {}", spec.chunk));
}

}  // namespace earthcatalog::backfill
