#include "earthcatalog/backfill/phases/ingest_chunk.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "earthcatalog/backfill/phases/compact_task.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/backfill/staging/object_list.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/catalog/unfinished_run.h"
#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/ingest/ingest_stage.h"
#include "earthcatalog/ingest/item_rows.h"
#include "earthcatalog/ingest/spread.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/write_partitions.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kEntriesPerRowGroup = 2'000;  // register reads one row group of every chunk at once

using Parts = std::vector<std::unique_ptr<ingest::ChunkPart>>;

// One attempt from its parts; lives for one call of run().
class ChunkIngest {
 public:
  ChunkIngest(storage::Stores& stores, const IngestChunkSpec& spec, const RunRecord& run, const Hooks& hooks)
      : stores_(stores),
        spec_(spec),
        run_(run),
        hooks_(hooks),
        staging_(stores, spec.staging, spec.parts),
        at_{spec.chunk, spec.attempt},
        problems_(stores, staging_.problems(at_)) {
    record_.chunk = spec.chunk;
    record_.attempt = spec.attempt;
    record_.started = run.started;
  }

  Result<ChunkRecord> run();

 private:
  Status stage_all();
  Status take(ingest::IngestStage& stage);
  void count(const ingest::ChunkPart& part);
  void remember(const ingest::ChunkPart& part);
  void look_at_spread(const Parts& parts);
  Status write_lines(const Parts& parts);
  Status write_parts(Parts parts);
  std::vector<ingest::ItemAddress> choose(const Parts& parts);
  Result<std::unique_ptr<ingest::StartSchema>> start_schema() const;
  Result<std::shared_ptr<const stac::ItemSchema>> choose_schema(Parts& parts);
  Status write_entries();
  std::string marker() const;
  Status write_next_list();
  Parallel parallel() const {
    return stores_.parallel(static_cast<std::size_t>(std::max(1, spec_.workers)),
                            ingest::IngestStage::bytes_for_writing(spec_.memory_limit_bytes));
  }

  storage::Stores& stores_;
  const IngestChunkSpec& spec_;
  const RunRecord& run_;
  const Hooks& hooks_;
  const Staging staging_;
  const Attempt at_;
  ingest::Problems problems_;
  std::shared_ptr<const grid::Partitioner> grid_;
  int spills_ = 0;
  bool is_last_spill_ = false;
  ChunkRecord record_;
  std::unordered_set<Hash128> staged_;       // objects
  std::vector<index::ObjectEntry> entries_;  // not written yet
  std::vector<ingest::PendingObject> pending_;
};

Result<ChunkRecord> ChunkIngest::run() {
  const Stopwatch time;
  EC_ASSIGN_OR_RETURN(grid_, grid::make_partitioner(stores_, {.type = spec_.grid_type,
                                                              .resolution = spec_.resolution,
                                                              .boundaries_path = spec_.boundaries_path,
                                                              .id_field = spec_.id_field}));
  EC_TRY(stage_all());
  const bool unwritten = record_.runs.empty() && !staging_.is_direct();
  EC_TRY(together({[&] { return unwritten ? write_entries() : Status{}; }, [&] { return write_next_list(); },
                   [&]() -> Status {
                     EC_ASSIGN_OR_RETURN(record_.problems, problems_.finish());
                     return {};
                   }}));
  record_.seconds = time.seconds();
  if (record_.source_items != record_.staged_items + record_.superseded + record_.repeated + record_.missing +
                                  record_.pending + record_.rejected) {
    return fail(ErrorKind::kInvalidData, "chunk {}: the counts do not add up; please report this", at_.chunk);
  }
  EC_TRY(staging_.write(staging_.done(at_), marker()));
  EC_TRY(publish_pending(staging_, record_));
  return std::move(record_);
}

Status ChunkIngest::stage_all() {
  // The first attempt after a commit: an attempt that did not count in it may have left a list of the same number.
  const bool after_commit = at_.number > 0 && at_.number == run_.first_attempt;
  const auto list = after_commit ? staging_.pending(at_.chunk) : staging_.chunk(at_);
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, list, {.suffix = ""}));
  const auto workers = static_cast<std::size_t>(std::max(1, spec_.workers));
  ingest::InventoryChunker source(
      *inventory, [](std::span<const storage::ObjectRef> objects) { return std::vector<bool>(objects.size()); },
      {.chunk_size = 20'000, .workers = workers});
  EC_ASSIGN_OR_RETURN(const auto schema, start_schema());
  fetch::FetchOptions fetch{.concurrency = spec_.fetch_concurrency, .max_object_bytes = spec_.max_object_bytes};
  fetch.source_root = spec_.source_root;
  ingest::IngestStage stage(stores_, source, *grid_, problems_, *schema,
                            {.fetch = fetch,
                             .workers = workers,
                             .memory_limit_bytes = spec_.memory_limit_bytes,
                             .keep_text = !staging_.is_direct(),
                             .keep_pending = true});
  while (!stage.wait(std::chrono::milliseconds(200))) {
    if (hooks_.stop != nullptr && hooks_.stop->load()) {
      stage.stop();
      return fail(ErrorKind::kCancelled, "stopped");
    }
    if (hooks_.progress) hooks_.progress(stage.progress());
    if (stage.memory_is_short() && stage.has_complete_chunk()) EC_TRY(take(stage));
  }
  EC_TRY(stage.status());
  is_last_spill_ = true;
  EC_TRY(take(stage));
  record_.bytes_fetched = static_cast<std::int64_t>(stage.fetch_counters().bytes);
  return {};
}

Status ChunkIngest::take(ingest::IngestStage& stage) {
  std::vector<std::unique_ptr<ingest::ChunkPart>> parts;
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
  if (!parts.empty()) EC_TRY(staging_.is_direct() ? write_parts(std::move(parts)) : write_lines(parts));
  stage.release(held);
  return {};
}

// Before the rows are written.
void ChunkIngest::look_at_spread(const Parts& parts) {
  if (!record_.warning.empty()) return;
  record_.warning = ingest::warning_of(ingest::spread_of(parts, kMostFileRows)).value_or("");
  if (hooks_.warn && !record_.warning.empty()) hooks_.warn(record_.warning);
}

Status ChunkIngest::write_lines(const Parts& parts) {
  for (const auto& part : parts) remember(*part);
  std::vector<StagedFile> files;
  EC_TRY(together({[&]() -> Status {
                     EC_ASSIGN_OR_RETURN(files,
                                         write_rows(staging_, *grid_, parts,
                                                    {.attempt = at_, .part = spills_++, .parallel = parallel()}));
                     return {};
                   },
                   [&] { return is_last_spill_ ? write_entries() : Status{}; }}));
  for (auto& file : files) {
    record_.rows += file.rows;
    record_.files.push_back(std::move(file));
  }
  return {};
}

// Of the spill's items, of each the newest version; the entries of all.
std::vector<ingest::ItemAddress> ChunkIngest::choose(const Parts& parts) {
  std::unordered_map<Hash128, std::size_t> newest;  // number of the entry
  std::vector<ingest::ItemAddress> addresses;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      addresses.push_back({p, i});
      const auto& entry = entries_.emplace_back(ingest::entry_of(*parts[p], parts[p]->items[i], *grid_));
      const auto [at, is_new] = newest.try_emplace(entry.identity, entries_.size() - 1);
      if (!is_new && index::newer(entry, entries_[at->second])) at->second = entries_.size() - 1;
    }
  }
  std::vector<ingest::ItemAddress> chosen;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (newest.at(entries_[i].identity) == i) {
      chosen.push_back(addresses[i]);
      record_.items.add(entries_[i], 1);
    } else {
      entries_[i].cells.clear();
      ++record_.superseded;
      --record_.staged_items;
    }
  }
  return chosen;
}

Status ChunkIngest::write_parts(Parts parts) {
  const auto items = choose(parts);
  EC_ASSIGN_OR_RETURN(const auto schema, choose_schema(parts));
  const auto columns = part_schema(spec_.schema, *schema);
  EC_ASSIGN_OR_RETURN(auto table_schema, iceberg_schema(columns));
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(std::move(table_schema)));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const auto& part : parts) {
    EC_ASSIGN_OR_RETURN(auto batch, part->batch.finish(*schema));
    batches.push_back(std::move(batch));
  }
  auto [rows, bounds] = ingest::rows_of(parts, items);
  EC_ASSIGN_OR_RETURN(const auto cutter,
                      write::RowPartitioner::make(schema, std::move(batches), std::move(rows), std::move(bounds)));
  const int spill = spills_++;
  std::mutex mutex;
  std::map<std::string, int> numbers;  // of a part, by its URI
  std::map<write::Partition, int> used;
  const auto next_uri = [&](const write::Partition& partition) {
    const std::lock_guard lock(mutex);
    const int number = spill * kFilesPerSpill + used[partition]++;
    auto uri = staging_.rows(partition, at_, number);
    numbers[uri] = number;
    return uri;
  };
  EC_ASSIGN_OR_RETURN(
      const auto files,
      write::write_partitions(stores_, cutter, writer,
                              {.partition_of = [&](const auto& key) { return write::partition_of(*grid_, key); },
                               .next_uri = next_uri,
                               .parallel = parallel()}));
  for (const auto& [file, primaries] : files) {
    record_.rows += file.record_count;
    record_.files.push_back({.partition = write::partition_of(file.partition),
                             .part = numbers.at(file.file_path),
                             .rows = file.record_count,
                             .bytes = file.file_size_in_bytes,
                             .items = primaries});
  }
  FileList list;
  for (const auto& written : files) list.added.push_back(written.file);
  EC_ASSIGN_OR_RETURN(const auto manifest, write_file_list(columns, list));
  record_.schemas.push_back(columns);
  return together(
      {[&] { return staging_.write(staging_.part_files(at_, spill), manifest); }, [&] { return write_entries(); }});
}

// NDJSON is read with the columns of `auto`, so that every property is observed; phase 3 decides which schema it will
// be. Parts are written in the schema that the table will most likely have.
Result<std::unique_ptr<ingest::StartSchema>> ChunkIngest::start_schema() const {
  const auto start = [](stac::ItemSchema schema, bool undecided) {
    return std::make_unique<ingest::StartSchema>(std::make_shared<const stac::ItemSchema>(std::move(schema)),
                                                 undecided);
  };
  if (!staging_.is_direct()) return start(stac::initial_schema(stac::SchemaKind::kAuto), false);
  if (spec_.schema.kind.empty()) return start(stac::initial_schema(stac::SchemaKind::kItslive), true);
  EC_ASSIGN_OR_RETURN(auto schema, item_schema(spec_.schema));
  return start(std::move(schema), false);
}

Result<std::shared_ptr<const stac::ItemSchema>> ChunkIngest::choose_schema(Parts& parts) {
  stac::ItemSchema schema;
  if (spec_.schema.kind.empty()) {
    const bool itslive = std::ranges::all_of(parts, [](const auto& part) { return part->all_itslive; });
    schema = stac::initial_schema(itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto);
  } else {
    EC_ASSIGN_OR_RETURN(schema, item_schema(spec_.schema));
  }
  stac::ObservedProperties observed;
  for (const auto& part : parts) {
    if (part->schema->kind != schema.kind) EC_TRY(reparse_as_auto(*part));
    for (const auto& [name, kinds] : part->batch.observed()) observed[name].merge(kinds);
  }
  for (const auto& [name, kinds] : observed) record_.observed[name].merge(kinds);
  if (schema.kind == stac::SchemaKind::kAuto) {
    schema = stac::evolve(schema, observed, static_cast<std::size_t>(spec_.max_columns));
  }
  return std::make_shared<const stac::ItemSchema>(std::move(schema));
}

// In the direct shape with what the Python system's `ingest_stats.json` says.
std::string ChunkIngest::marker() const {
  nlohmann::json json = record_;
  if (!staging_.is_direct()) return to_json_text(record_);
  const auto& settings = run_.settings;
  std::set<std::string> cells, years;
  for (const auto& file : record_.files) {
    cells.insert(file.partition.cell);
    years.insert(write::year_name(file.partition.year));
  }
  json["part_files"] = part_files(staging_, record_);
  json["run_id"] = staging_.root().substr(staging_.root().rfind('/') + 1);
  json["inventory"] = settings.inventory;
  json["inventory_file"] = staging_.chunk(at_);
  json["since"] = settings.since ? nlohmann::json(format_time(*settings.since)) : nlohmann::json();
  json["h3_resolution"] = spec_.grid_type == "h3" ? nlohmann::json(spec_.resolution) : nlohmann::json();
  json["total_rows"] = record_.rows;
  json["unique_cells"] = cells.size();
  json["unique_years"] = years.size();
  json["files_written"] = record_.files.size();
  const auto per_item = [&](std::int64_t n) {
    return record_.source_items == 0 ? 0.0 : static_cast<double>(n) / static_cast<double>(record_.source_items);
  };
  json["avg_fan_out"] = per_item(record_.rows);
  json["overhead_pct"] = 100 * per_item(record_.rows - record_.source_items);
  json["fan_out_distribution"] = nlohmann::json::object();
  for (const auto& [fan_out, items] : record_.items.fan_out) {
    json["fan_out_distribution"][std::to_string(fan_out)] = items;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void ChunkIngest::count(const ingest::ChunkPart& part) {
  record_.staged_items += std::ssize(part.items);
  record_.item_dates_unparseable += std::ranges::count_if(part.items, &ingest::ItemRecord::undatable);
  record_.all_itslive = record_.all_itslive && part.all_itslive;
  for (const auto& [name, kinds] : part.observed) record_.observed[name].merge(kinds);
  for (const auto& [name, kinds] : part.batch.observed()) record_.observed[name].merge(kinds);
}

void ChunkIngest::remember(const ingest::ChunkPart& part) {
  for (const auto& item : part.items) {
    record_.items.add(entries_.emplace_back(ingest::entry_of(part, item, *grid_)), 1);
  }
}

// As a run of the object index: register merges the chunks' runs without looking at their entries.
Status ChunkIngest::write_entries() {
  if (entries_.empty()) {
    record_.runs.emplace_back();
    return {};
  }
  std::ranges::sort(entries_, {}, &index::ObjectEntry::object);
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(staging_.objects(at_, static_cast<int>(record_.runs.size()))));
  EC_ASSIGN_OR_RETURN(const auto writer,
                      index::RunWriter::create(where, kEntriesPerRowGroup, storage::Existing::kReplace));
  for (auto& entry : entries_) EC_TRY(writer->append({.entry = std::move(entry)}));
  EC_ASSIGN_OR_RETURN(const auto info, writer->finish());
  record_.runs.push_back({.entries = info.entries, .bytes = info.size_bytes});
  entries_.clear();
  return {};
}

// What the next attempt will fetch. Not the list of pending objects itself: that is the input of this one as long as
// its marker is not there.
Status ChunkIngest::write_next_list() {
  if (pending_.empty()) return {};
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(staging_.chunk({at_.chunk, at_.number + 1})));
  return write_pending(where, pending_, system_now());
}

std::string_view without_slashes(std::string_view uri) {
  while (uri.ends_with('/')) uri.remove_suffix(1);
  return uri;
}

// A worker's spec comes from outside: rows of two grids must not get into one table.
Status check_settings(const IngestChunkSpec& spec, const RunSettings& run) {
  RunSettings now = run;
  if (without_slashes(spec.source_root) != without_slashes(run.source_root)) now.source_root = spec.source_root;
  now.grid_type = spec.grid_type;
  now.boundaries_path = spec.boundaries_path;
  now.id_field = spec.id_field;
  now.resolution = spec.resolution;
  const auto same = check_same(run, now);
  if (same) return {};
  return fail(same.error().kind, "{}; a worker's spec says what write_chunks was told", same.error().message);
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

nlohmann::json part_files(const Staging& staging, const ChunkRecord& record) {
  auto files = nlohmann::json::array();
  for (const auto& file : record.files) {
    files.push_back({{"s3_key", staging.rows(file.partition, {record.chunk, record.attempt}, file.part)},
                     {"grid_partition", file.partition.cell},
                     {"year", write::year_name(file.partition.year)},
                     {"row_count", file.rows},
                     {"file_size_bytes", file.bytes}});
  }
  return files;
}

Status publish_pending(const Staging& staging, const ChunkRecord& last) {
  const auto uri = staging.pending(last.chunk);
  if (last.pending == 0) return last.attempt == 0 ? Status{} : staging.remove(uri);
  const auto list = staging.chunk({last.chunk, last.attempt + 1});
  EC_ASSIGN_OR_RETURN(const auto bytes, staging.read(list));
  if (!bytes) return fail(ErrorKind::kNotFound, "{} is gone; run with `restart` to stage everything anew", list);
  return staging.write(uri, *bytes);
}

Result<ChunkRecord> ingest_chunk(storage::Stores& stores, const IngestChunkSpec& spec, const Hooks& hooks) {
  const Staging staging(stores, spec.staging, spec.parts);
  EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging));
  if (!run) return fail(ErrorKind::kNotFound, "{} holds no backfill (any more)", spec.staging);
  EC_ASSIGN_OR_RETURN(auto done, read_chunk_record(staging, {spec.chunk, spec.attempt}, run->started));
  if (done) return std::move(*done);
  EC_TRY(annotate(check_settings(spec, run->settings), spec.staging));
  if (const auto place = catalog::place_of_run(spec.parts)) {  // for who has not called write_chunks there
    EC_TRY(catalog::claim_unfinished_run(stores, place->warehouse, place->run_id));
  }
  return ingest_attempt(stores, spec, *run, hooks);
}

Result<ChunkRecord> ingest_attempt(storage::Stores& stores, const IngestChunkSpec& spec, const RunRecord& run,
                                   const Hooks& hooks) {
  return annotate(ChunkIngest(stores, spec, run, hooks).run(), fmt::format("chunk {}", spec.chunk));
}

}  // namespace earthcatalog::backfill
