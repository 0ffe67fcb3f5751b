#include "earthcatalog/backfill/backfill.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

#include "earthcatalog/backfill/cleanup.h"
#include "earthcatalog/backfill/compact_group.h"
#include "earthcatalog/backfill/ingest_chunk.h"
#include "earthcatalog/backfill/plan.h"
#include "earthcatalog/backfill/write_chunks.h"
#include "earthcatalog/pipeline/parallel.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::string_view kPlanSummary = "earthcatalog.backfill-plan";

// The head of a backfill: one run from its parts; lives for one call of run().
class Backfill {
 public:
  Backfill(storage::Stores& stores, const BackfillSpec& spec, const pipeline::Hooks& hooks, pipeline::Report& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report), staging_(stores, spec.staging) {}

  Status run();

 private:
  Status check_places() const;
  Status work();
  Result<RunRecord> chunks();
  Status ingest(const RunRecord& run);
  IngestChunkSpec ingest_spec(Attempt attempt) const;
  Status ingest_attempts(const RunRecord& run, std::int64_t chunk, const pipeline::Hooks& hooks);
  Result<TableSchema> decide_schema(const Plan& plan);
  Result<std::vector<CompactGroupReport>> compact(const Plan& plan, const TableSchema& schema);
  Result<bool> is_committed(const Plan& plan) const;
  Status commit(const RunRecord& run, const Plan& plan, const TableSchema& schema,
                const std::vector<CompactGroupReport>& tasks);
  Result<std::vector<iceberg::DataFile>> present_files() const;
  static Error has_rows(std::size_t files);
  Status gather_problems(const Plan& plan);
  Status finish(RunRecord run, const Plan& plan);
  void count(const RunRecord& run, const Plan& plan);
  bool stopping() const { return hooks_.stop != nullptr && hooks_.stop->load(); }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  void show(pipeline::Progress progress, const char* stage) const {
    progress.stage = stage;
    progress.seconds = seconds();
    if (hooks_.progress) hooks_.progress(progress);
  }

  storage::Stores& stores_;
  const BackfillSpec& spec_;
  const pipeline::Hooks& hooks_;
  pipeline::Report& report_;
  const Staging staging_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<catalog::Catalog> catalog_;
  std::atomic<std::int64_t> ingested_items_{0};
};

Status Backfill::run() {
  report_.run_id = spec_.catalog.run_id;
  EC_TRY(check_places());
  auto options = spec_.catalog;
  options.mode = catalog::OpenMode::kWrite;
  if (!options.default_resolution) options.default_resolution = 1;
  EC_ASSIGN_OR_RETURN(catalog_, catalog::Catalog::open(stores_, options));
  Status status = work();
  // A run that slept while another one took over meets whatever that one left: what there is to say is this.
  if (!status && status.error().kind != ErrorKind::kCancelled) {
    if (auto lock = catalog_->confirm_lock(); !lock && lock.error().kind == ErrorKind::kPermissionDenied) status = lock;
  }
  if (auto closed = catalog_->close(); status && !closed) status = closed;
  if (!status && status.error().kind == ErrorKind::kCancelled) {
    report_.interrupted = true;
    status = {};
  }
  report_.seconds = seconds();
  report_.peak_rss_bytes = pipeline::peak_rss_bytes();
  return status;
}

// Before anything is created: a mistyped inventory must not leave a catalog or a lock behind.
Status Backfill::check_places() const {
  if (!spec_.skip_inventory) {
    EC_TRY(inventory::open_inventory(stores_, spec_.settings.inventory, spec_.settings.inventory_options()));
  }
  const auto within = [](const std::string& a, const std::string& b) { return (a + "/").starts_with(b + "/"); };
  const auto& warehouse = spec_.catalog.warehouse;
  if (within(spec_.staging, warehouse) || within(warehouse, spec_.staging)) {
    return fail(ErrorKind::kInvalidArgument, "staging {} and warehouse {} lie in each other; choose another --staging",
                spec_.staging, warehouse);
  }
  return {};
}

Status Backfill::work() {
  if (spec_.restart) EC_TRY(cleanup_staging(staging_, true));
  EC_ASSIGN_OR_RETURN(const auto before, read_run_record(staging_));
  if (before && before->committed_snapshot) {
    report_.snapshot_id = before->committed_snapshot;
    return spec_.keep_staging ? Status{} : cleanup_staging(staging_, false);
  }
  if (!before && !spec_.replace) {  // known before anything is fetched
    EC_ASSIGN_OR_RETURN(const auto files, present_files());
    if (!files.empty()) return std::unexpected(has_rows(files.size()));
  }
  EC_ASSIGN_OR_RETURN(const RunRecord run, chunks());
  if (!spec_.skip_ingest) EC_TRY(ingest(run));
  EC_ASSIGN_OR_RETURN(const Plan plan, make_plan(staging_, run, {.memory_bytes = spec_.memory_limit_bytes}));
  count(run, plan);
  EC_ASSIGN_OR_RETURN(const bool committed, is_committed(plan));
  if (!committed) {
    EC_ASSIGN_OR_RETURN(const TableSchema schema, decide_schema(plan));
    EC_ASSIGN_OR_RETURN(const auto tasks, compact(plan, schema));
    EC_TRY(commit(run, plan, schema, tasks));
  }
  return finish(run, plan);
}

Result<RunRecord> Backfill::chunks() {
  RunSettings settings = spec_.settings;
  settings.grid_type = catalog_->grid().type;
  settings.resolution = catalog_->grid().resolution;
  settings.boundaries_path = catalog_->grid().boundaries_path;
  settings.id_field = catalog_->grid().id_field;
  show({}, "inventory");
  if (!spec_.skip_inventory) return write_chunks(stores_, {.staging = spec_.staging, .settings = settings});
  EC_ASSIGN_OR_RETURN(const auto record, read_run_record(staging_));
  if (!record || !record->complete) {
    return fail(ErrorKind::kInvalidArgument, "--skip-inventory: {} holds no finished chunks", spec_.staging);
  }
  return *record;
}

IngestChunkSpec Backfill::ingest_spec(Attempt attempt) const {
  const auto& grid = catalog_->grid();
  return {.staging = spec_.staging,
          .chunk = attempt.chunk,
          .attempt = attempt.number,
          .grid_type = grid.type,
          .boundaries_path = grid.boundaries_path,
          .id_field = grid.id_field,
          .resolution = grid.resolution,
          .source_root = spec_.settings.source_root,
          .fetch_concurrency = spec_.fetch.concurrency,
          .max_object_bytes = spec_.fetch.max_object_bytes,
          .workers = spec_.workers,
          .memory_limit_bytes = spec_.memory_limit_bytes};
}

// One chunk after the other, each with all workers: a chunk keeps the network busy by itself.
Status Backfill::ingest(const RunRecord& run) {
  std::int64_t done = 0, fetched = 0;
  const pipeline::Hooks hooks{.progress =
                                  [&](pipeline::Progress progress) {
                                    progress.settled += done;
                                    progress.bytes_fetched += fetched;
                                    progress.total = run.items;
                                    show(progress, "fetch");
                                  },
                              .stop = hooks_.stop};
  for (std::int64_t chunk = 0; chunk < run.chunks; ++chunk) {
    if (stopping()) return fail(ErrorKind::kCancelled, "stopped");
    EC_TRY(catalog_->confirm_lock());
    EC_TRY(ingest_attempts(run, chunk, hooks));
    done = std::min(run.items, (chunk + 1) * run.settings.chunk_size);
  }
  return {};
}

Status Backfill::ingest_attempts(const RunRecord& run, std::int64_t chunk, const pipeline::Hooks& hooks) {
  EC_ASSIGN_OR_RETURN(auto record, ingest_chunk(stores_, ingest_spec({chunk, 0}), hooks));
  if (!spec_.retry_pending) return {};
  for (int attempt = 1; record.pending > 0; ++attempt) {
    EC_ASSIGN_OR_RETURN(const auto before, read_chunk_record(staging_, {chunk, attempt}, run.started));
    EC_ASSIGN_OR_RETURN(record, ingest_chunk(stores_, ingest_spec({chunk, attempt}), hooks));
    if (!before) break;  // one new attempt a run
  }
  return {};
}

Result<TableSchema> Backfill::decide_schema(const Plan& plan) {
  if (!catalog_->item_schema()) {
    const auto decided = plan.all_itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    catalog_->set_schema_kind(spec_.catalog.schema.value_or(decided));
  }
  const auto& schema = catalog_->item_schema();
  auto items = schema ? *schema
                      : stac::initial_schema(spec_.catalog.schema.value_or(plan.all_itslive ? stac::SchemaKind::kItslive
                                                                                            : stac::SchemaKind::kAuto));
  if (items.kind == stac::SchemaKind::kAuto) items = stac::evolve(items, plan.observed, spec_.max_columns);
  EC_ASSIGN_OR_RETURN(const auto table_schema, catalog_->plan_schema(items));
  return describe(items, table_schema);
}

Result<std::vector<CompactGroupReport>> Backfill::compact(const Plan& plan, const TableSchema& schema) {
  std::vector<CompactGroupReport> reports(plan.tasks.size());
  std::atomic<std::int64_t> rows{0};
  std::mutex mutex;
  EC_TRY(pipeline::parallel_for(plan.tasks.size(), static_cast<std::size_t>(std::max(1, spec_.workers)),
                                [&](std::size_t t) -> Status {
                                  if (stopping()) return fail(ErrorKind::kCancelled, "stopped");
                                  const auto [first, end] = plan.tasks[t];
                                  CompactGroupSpec spec{.staging = spec_.staging,
                                                        .warehouse = catalog_->warehouse(),
                                                        .run_id = spec_.catalog.run_id,
                                                        .plan_id = plan.plan_id,
                                                        .task = static_cast<std::int64_t>(t),
                                                        .groups = {},
                                                        .dropped = plan.dropped,
                                                        .schema = schema,
                                                        .compact_rows = spec_.compact_rows};
                                  spec.groups.assign(plan.groups.begin() + static_cast<std::ptrdiff_t>(first),
                                                     plan.groups.begin() + static_cast<std::ptrdiff_t>(end));
                                  EC_ASSIGN_OR_RETURN(reports[t], compact_group(stores_, spec));
                                  rows += reports[t].rows;
                                  const std::lock_guard lock(mutex);
                                  pipeline::Progress progress;
                                  progress.settled = progress.total = plan.source_items;
                                  show(progress, "compact");
                                  return {};
                                }));
  return reports;
}

// A run that was killed between its commit and its clean-up finds its snapshot.
Result<bool> Backfill::is_committed(const Plan& plan) const {
  if (!catalog_->has_table()) return false;
  const auto& metadata = catalog_->table().metadata();
  for (const auto& snapshot : metadata.snapshots) {
    const auto at = snapshot.summary.find(std::string(kPlanSummary));
    if (at == snapshot.summary.end() || at->second != plan.plan_id) continue;
    report_.snapshot_id = snapshot.snapshot_id;
    return true;
  }
  return false;
}

Result<std::vector<iceberg::DataFile>> Backfill::present_files() const {
  std::vector<iceberg::DataFile> files;
  if (!catalog_->has_table()) return files;
  EC_TRY(catalog_->table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    files.push_back(std::move(file));
    return {};
  }));
  return files;
}

Error Backfill::has_rows(std::size_t files) {
  return {ErrorKind::kAlreadyExists,
          fmt::format("the table has rows already ({} files); --replace puts this backfill in their place, and "
                      "incremental adds to them",
                      files)};
}

Status Backfill::commit(const RunRecord& run, const Plan& plan, const TableSchema& schema,
                        const std::vector<CompactGroupReport>& tasks) {
  show({}, "commit");
  catalog::CommitRequest request;
  std::int64_t rows = 0, items = 0;
  for (const auto& task : tasks) {
    rows += task.rows;
    items += task.items;
    EC_ASSIGN_OR_RETURN(auto files, read_task_files(staging_, task.task, schema));
    std::ranges::move(files, std::back_inserter(request.added));
  }
  const auto expected = plan.staged_items - std::ssize(plan.dropped);
  if (items != expected) {
    return fail(ErrorKind::kInvalidData, "phase 3 wrote {} items, and {} were staged; please report this", items,
                expected);
  }
  EC_ASSIGN_OR_RETURN(request.removed, present_files());
  if (!request.removed.empty() && !spec_.replace) return std::unexpected(has_rows(request.removed.size()));
  EC_ASSIGN_OR_RETURN(request.schema, iceberg_schema(schema));
  request.exclusive = true;
  request.objects.from_nothing = true;
  request.objects.more_items = items;
  request.objects.entries = plan.superseded;
  for (const auto& record : plan.records) {
    if (record.object_entries == 0) continue;
    request.objects.runs.push_back({.uri = staging_.objects({record.chunk, record.attempt}),
                                    .entries = record.object_entries,
                                    .size_bytes = record.objects_bytes});
  }
  request.summary["earthcatalog.inventory"] = run.settings.inventory;
  request.summary["earthcatalog.inventory-identity"] = run.settings.inventory_identity;
  request.summary["earthcatalog.written-items"] = std::to_string(items);
  request.summary[std::string(kPlanSummary)] = plan.plan_id;
  EC_ASSIGN_OR_RETURN(const auto outcome, catalog_->commit(request));
  report_.snapshot_id = outcome.snapshot_id;
  report_.rows = rows;
  report_.files = std::ssize(request.added);
  report_.commits = 1;
  return {};
}

Status Backfill::gather_problems(const Plan& plan) {
  std::shared_ptr<arrow::io::OutputStream> out;
  const auto check = [&](const arrow::Status& status) -> Status {
    if (status.ok()) return {};
    return std::unexpected(storage::from_arrow(status).annotate("writing " + spec_.problems));
  };
  for (const auto& record : plan.records) {
    if (record.problems.empty()) continue;
    if (!out) {
      EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(spec_.problems));
      EC_ASSIGN_OR_RETURN(out, where.store->open_output(where.key));
      report_.problems = where.uri();
    }
    EC_ASSIGN_OR_RETURN(const auto lines, staging_.read(record.problems));
    if (lines) EC_TRY(check(out->Write(*lines)));
  }
  return out ? check(out->Close()) : Status{};
}

Status Backfill::finish(RunRecord run, const Plan& plan) {
  if (!catalog_->confirm_lock()) return {};  // the staging prefix is another's by now
  EC_TRY(gather_problems(plan));
  run.committed_snapshot = report_.snapshot_id;
  if (run.committed_snapshot) EC_TRY(staging_.write(staging_.run_record(), to_json_text(run)));
  if (spec_.keep_staging) return {};
  return cleanup_staging(staging_, plan.pending == 0);
}

void Backfill::count(const RunRecord& run, const Plan& plan) {
  report_.inventory_rows = run.inventory_rows;
  report_.skipped_suffix = run.skipped_suffix;
  report_.skipped_since = run.skipped_since;
  report_.skipped_versions = run.skipped_versions;
  report_.inventory_dates_unparseable = run.inventory_dates_unparseable;
  report_.source_items = plan.source_items;
  report_.written_items = plan.staged_items - std::ssize(plan.dropped);
  report_.superseded = std::ssize(plan.dropped) + plan.repeated;
  report_.undated = plan.items.undated;
  report_.unlocated = plan.items.unlocated;
  report_.fan_out_distribution = plan.items.fan_out;
  report_.missing = plan.missing;
  report_.pending = plan.pending;
  report_.rejected = plan.rejected;
  for (const auto& record : plan.records) {
    report_.bytes_fetched += record.bytes_fetched;
    report_.item_dates_unparseable += record.item_dates_unparseable;
  }
  for (const auto& group : plan.groups) {
    report_.cells.insert(group.bucket.cell);
    if (group.bucket.year) report_.years.insert(*group.bucket.year);
  }
}

}  // namespace

Status run_backfill(storage::Stores& stores, const BackfillSpec& spec, const pipeline::Hooks& hooks,
                    pipeline::Report& report) {
  return Backfill(stores, spec, hooks, report).run();
}

}  // namespace earthcatalog::backfill
