#include "earthcatalog/incremental/incremental.h"

#include <chrono>
#include <optional>
#include <span>

#include "earthcatalog/base/process.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/catalog/warehouse_claim.h"
#include "earthcatalog/incremental/upsert_committer.h"
#include "earthcatalog/ingest/ingest_stage.h"
#include "earthcatalog/ingest/inventory_chunker.h"
#include "earthcatalog/ingest/problems.h"
#include "earthcatalog/storage/write_probe.h"

namespace earthcatalog::incremental {
namespace {

// The run's catalog: nothing in a dry run on a table that does not exist.
Result<std::unique_ptr<catalog::Catalog>> open_catalog(storage::Stores& stores, const IncrementalSpec& spec) {
  auto options = spec.catalog;
  options.mode = spec.dry_run ? catalog::OpenMode::kRead : catalog::OpenMode::kWrite;
  options.lock = options.lock && !spec.dry_run;
  if (!options.default_resolution) options.default_resolution = 1;
  auto opened = catalog::Catalog::open(stores, options);
  const bool is_new = !opened && spec.dry_run && opened.error().kind == ErrorKind::kNotFound;
  if (!is_new || options.warehouse.empty()) return is_new ? nullptr : std::move(opened);
  EC_ASSIGN_OR_RETURN(const auto catalog, storage::normalize_uri(options.catalog));
  EC_ASSIGN_OR_RETURN(const auto warehouse, storage::normalize_uri(options.warehouse));
  EC_TRY(catalog::check_no_other_table(stores, warehouse, catalog, nullptr));
  return nullptr;
}

grid::GridSpec asked_grid(const catalog::GridRequest& request) {
  grid::GridSpec grid;
  grid.type = request.type.value_or(grid.type);
  grid.resolution = request.resolution.value_or(1);
  grid.boundaries_path = request.boundaries_path.value_or("");
  grid.id_field = request.id_field.value_or("");
  grid.python = request.python.value_or("");
  return grid;
}

// `catalog` is null in a dry run on a table that does not exist.
Result<std::shared_ptr<const grid::Partitioner>> choose_partitioner(storage::Stores& stores,
                                                                    const catalog::Catalog* catalog,
                                                                    const IncrementalSpec& spec) {
  if (spec.partitioner) return spec.partitioner;
  return grid::make_partitioner(stores, catalog != nullptr ? catalog->grid() : asked_grid(spec.catalog.grid));
}

ingest::StartSchema start_schema(const catalog::Catalog* catalog, const IncrementalSpec& spec) {
  if (catalog != nullptr && catalog->item_schema()) {
    return {std::make_shared<const stac::ItemSchema>(*catalog->item_schema()), false};
  }
  const auto kind = spec.catalog.schema.value_or(stac::SchemaKind::kItslive);
  return {std::make_shared<const stac::ItemSchema>(stac::initial_schema(kind)), !spec.catalog.schema.has_value()};
}

// One call of run_incremental(): stages, decides and commits until the inventory ends.
class Run {
 public:
  Run(storage::Stores& stores, const IncrementalSpec& spec, const Hooks& hooks, ingest::Report& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report), problems_(stores, spec.problems) {}

  Status run(catalog::Catalog* lent);

 private:
  Status work(catalog::Catalog* catalog, const grid::Partitioner& grid, inventory::Inventory& inventory);
  Status drive(ingest::IngestStage& stage, UpsertCommitter& flusher);
  bool must_flush(const ingest::IngestStage& stage) const;
  Status flush(ingest::IngestStage& stage, UpsertCommitter& flusher, bool commit);
  std::vector<std::unique_ptr<ingest::ChunkPart>> take_parts(ingest::IngestStage& stage);
  Status check_inventory(const ingest::IngestStage& stage);
  void show(const ingest::IngestStage& stage) const;
  void begin(const char* stage) const;
  void finish_report(const inventory::InventoryCounts& counts);

  storage::Stores& stores_;
  const IncrementalSpec& spec_;
  const Hooks& hooks_;
  ingest::Report& report_;
  ingest::Problems problems_;
  std::string inventory_identity_;
  std::optional<std::int64_t> checked_items_;  // of the inventory, once check_inventory() has read it
  const Stopwatch time_;
  Stopwatch since_commit_;
};

Status Run::run(catalog::Catalog* lent) {
  report_.run_id = spec_.catalog.run_id;
  report_.dry_run = spec_.dry_run;
  // The inventory first: a mistyped name must not leave a catalog or a lock behind.
  EC_ASSIGN_OR_RETURN(const auto inventory,
                      inventory::open_inventory(stores_, spec_.inventory, spec_.inventory_options));
  std::unique_ptr<catalog::Catalog> opened;
  if (lent == nullptr) {
    EC_ASSIGN_OR_RETURN(opened, open_catalog(stores_, spec_));
  }
  catalog::Catalog* const catalog = lent != nullptr ? lent : opened.get();
  if (catalog != nullptr) report_.warehouse = catalog->warehouse();
  EC_ASSIGN_OR_RETURN(const auto grid, choose_partitioner(stores_, catalog, spec_));
  Status status = work(catalog, *grid, *inventory);
  if (auto problems = problems_.finish()) {
    report_.problems = *problems;
  } else if (status) {
    status = std::unexpected(problems.error());
  }
  if (opened) {
    if (auto closed = opened->close(); status && !closed) status = closed;
  }
  report_.seconds = time_.seconds();
  report_.peak_rss_bytes = peak_rss_bytes();
  return status;
}

Status Run::work(catalog::Catalog* catalog, const grid::Partitioner& grid, inventory::Inventory& inventory) {
  if (hooks_.stopping()) {  // before the first fetch, so that a small inventory is not through before anybody looks
    report_.interrupted = true;
    return {};
  }
  if (catalog != nullptr && !spec_.dry_run) {
    EC_TRY(annotate(storage::probe_writable(stores_, catalog->warehouse()), "the warehouse takes no new files"));
  }
  ingest::StartSchema schema = start_schema(catalog, spec_);
  FlushOptions options{.parallel = stores_.parallel(static_cast<std::size_t>(spec_.workers),
                                                    ingest::IngestStage::bytes_for_writing(spec_.memory_limit_bytes)),
                       .max_columns = spec_.max_columns,
                       .dry_run = spec_.dry_run,
                       .summary = {},
                       .progress = hooks_.progress,
                       .warn = [this](std::string warning) {
                         if (hooks_.warn) hooks_.warn(warning);
                         report_.warnings.push_back(std::move(warning));
                       }};
  options.summary["earthcatalog.inventory"] = spec_.inventory;
  inventory_identity_ = inventory.identity();
  options.summary["earthcatalog.inventory-identity"] = inventory_identity_;
  UpsertCommitter flusher(stores_, catalog, grid, schema, options, report_);
  ingest::InventoryChunker source(
      inventory,
      [&](std::span<const storage::ObjectRef> objects) -> Result<std::vector<bool>> {
        std::vector<bool> unchanged(objects.size());
        if (spec_.refetch) return unchanged;
        EC_ASSIGN_OR_RETURN(const auto states, flusher.index().lookup(objects));
        for (std::size_t i = 0; i < states.size(); ++i) unchanged[i] = states[i] == index::ObjectState::kUnchanged;
        return unchanged;
      },
      {.chunk_size = static_cast<std::size_t>(spec_.chunk_size), .workers = static_cast<std::size_t>(spec_.workers)});
  ingest::IngestStage stage(stores_, source, grid, problems_, schema,
                            {.fetch = spec_.fetch,
                             .workers = static_cast<std::size_t>(spec_.workers),
                             .memory_limit_bytes = spec_.memory_limit_bytes});
  Status status = drive(stage, flusher);
  report_.bytes_fetched = static_cast<std::int64_t>(stage.fetch_counters().bytes);
  finish_report(source.counts());
  return status;
}

Status Run::drive(ingest::IngestStage& stage, UpsertCommitter& flusher) {
  bool stopping = false;
  while (!stage.wait(std::chrono::milliseconds(200))) {
    if (!stopping && hooks_.stopping()) {
      stopping = true;
      report_.interrupted = true;
      stage.stop();
    }
    show(stage);
    if (must_flush(stage)) EC_TRY(flush(stage, flusher, !spec_.batch_add_files));
  }
  // Whole chunks that came through are kept also when the bucket failed, but not when the inventory is broken: then
  // nobody knows what it meant to say.
  if (stage.input_failed()) return stage.status();
  auto flushed = flush(stage, flusher, true);
  auto status = stage.status();
  return status ? flushed : status;
}

// Before a commit that does not wait for the end of the inventory: reads it through once, apart from the run, so that
// nothing of a broken one is committed. A listing takes too long to read twice, and is no text that could be damaged.
Status Run::check_inventory(const ingest::IngestStage& stage) {
  if (const auto ended = stage.input_ended()) return *ended;
  if (checked_items_ || spec_.dry_run || inventory::is_listing(inventory_identity_)) return {};
  begin("check inventory");
  EC_ASSIGN_OR_RETURN(const auto inventory,
                      inventory::open_inventory(stores_, spec_.inventory, spec_.inventory_options));
  if (inventory->identity() != inventory_identity_) {
    return fail(ErrorKind::kInvalidData, "{} has changed since the run began; run again", spec_.inventory);
  }
  EC_TRY(inventory::for_each_batch(*inventory, [](std::span<const storage::ObjectRef>) { return Status(); }));
  checked_items_ = inventory->counts().items;
  return {};
}

bool Run::must_flush(const ingest::IngestStage& stage) const {
  if (!stage.has_complete_chunk()) return false;
  if (stage.memory_is_short()) return true;
  return !spec_.batch_add_files && since_commit_.seconds() >= spec_.commit_every_seconds;
}

std::vector<std::unique_ptr<ingest::ChunkPart>> Run::take_parts(ingest::IngestStage& stage) {
  std::vector<std::unique_ptr<ingest::ChunkPart>> parts;
  for (const auto& chunk : stage.take_complete_chunks()) {
    report_.unchanged += chunk->unchanged;
    report_.missing += chunk->missing;
    if (report_.first_missing.empty()) report_.first_missing = chunk->first_missing;
    report_.pending += chunk->pending;
    report_.rejected += chunk->rejected;
    for (auto& part : chunk->parts) {
      if (part) parts.push_back(std::move(part));
    }
  }
  return parts;
}

Status Run::flush(ingest::IngestStage& stage, UpsertCommitter& flusher, bool commit) {
  auto parts = take_parts(stage);
  if (commit && (flusher.has_staged() || !parts.empty())) EC_TRY(check_inventory(stage));
  std::int64_t held = 0;
  for (const auto& part : parts) held += part->accounted_bytes;
  begin("write");
  EC_TRY(flusher.stage(std::move(parts)));
  if (commit) {
    begin("commit");
    EC_TRY(flusher.commit());
    since_commit_ = {};
  } else {
    flusher.release_items();
  }
  stage.release(held);
  return {};
}

void Run::show(const ingest::IngestStage& stage) const {
  if (!hooks_.progress) return;
  Progress progress = stage.progress();
  if (checked_items_) {
    progress.total = *checked_items_;
    progress.total_is_estimate = false;
  }
  progress.committed = report_.written_items + report_.superseded;
  progress.seconds = time_.seconds();
  progress.stage = "fetch";
  hooks_.progress(progress);
}

// Begins a stage that counts by itself or not at all.
void Run::begin(const char* stage) const {
  if (hooks_.progress) hooks_.progress({.stage = stage});
}

void Run::finish_report(const inventory::InventoryCounts& counts) {
  report_.source_items = counts.items;
  report_.inventory_rows = counts.rows;
  report_.skipped_suffix = counts.skipped_suffix;
  report_.skipped_since = counts.skipped_since;
  report_.skipped_versions = counts.skipped_versions;
  report_.inventory_dates_unparseable = counts.dates_unparseable;
}

}  // namespace

Status run_incremental(storage::Stores& stores, const IncrementalSpec& spec, const Hooks& hooks, ingest::Report& report,
                       catalog::Catalog* lent) {
  auto status = Run(stores, spec, hooks, report).run(lent);
  // A run that ended early left the rest to the next one; a whole run must add up by itself.
  if (!status || report.interrupted) report.not_done = report.imbalance();
  if (status && report.imbalance() != 0) {
    return fail(ErrorKind::kInvalidData, "the counts do not add up: {} source items, off by {}; please report this",
                report.source_items, report.imbalance());
  }
  if (status && spec.missing && !report.interrupted)
    return ingest::check_missing(ingest::missing_counts(report), *spec.missing);
  return status;
}

}  // namespace earthcatalog::incremental
