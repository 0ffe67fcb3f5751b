#include "earthcatalog/backfill/backfill.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "earthcatalog/backfill/phases/cleanup.h"
#include "earthcatalog/backfill/phases/commit.h"
#include "earthcatalog/backfill/phases/commit_plan.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/process.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/catalog/unfinished_run.h"
#include "earthcatalog/storage/write_probe.h"

namespace earthcatalog::backfill {
namespace {

// Commits of others, one after the other, before a delta gives up.
constexpr int kMostRounds = 10;
// Part numbers of a plan: a later plan of the same run must not write what an earlier one has written.
constexpr int kPartsPerRound = 10'000;

// What a commit of ours says of itself; 0 when it does not.
std::int64_t number_of(const iceberg::Snapshot& snapshot, std::string_view name) {
  std::int64_t number = 0;
  const auto at = snapshot.summary.find(fmt::format("earthcatalog.{}", name));
  if (at != snapshot.summary.end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), number);
  return number;
}

// The head of a backfill: one run from its parts; lives for one call of run().
class Backfill {
 public:
  Backfill(storage::Stores& stores, const BackfillSpec& spec, const Hooks& hooks, ingest::Report& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report), staging_(stores, spec.staging) {}

  Status run();

 private:
  Status check_places() const;
  Status find_run();
  Status look_around();
  Status work();
  Result<std::optional<RunRecord>> start();
  Result<std::optional<RunRecord>> after_commit(RunRecord record);
  RunSettings settings() const;
  Status repeat(std::size_t files);
  Status check_belongs(const RunRecord& record) const;
  Status check_staged(const RunRecord& record) const;
  Result<RunRecord> chunks();
  Status ingest(const RunRecord& run);
  Result<IngestChunkSpec> ingest_spec(const RunRecord& run, Attempt attempt) const;
  Result<bool> ingest_attempts(const RunRecord& run, std::int64_t chunk, std::optional<ChunkRecord> first,
                               const Hooks& hooks);
  int tasks_at_once() const;
  bool is_delta(const RunRecord& run) const { return spec_.delta || run.first_attempt > 0; }
  SummaryOptions plan_options(const RunRecord& run) const {
    return {.delta = is_delta(run), .memory_bytes = spec_.memory_limit_bytes};
  }
  CommitPlanOptions round_options(const RunRecord& run, int number) const;
  Result<std::vector<CompactTaskReport>> compact(const CommitPlan& plan);
  FinishOptions finish_options() const;
  Status finish(const RunRecord& run, const StagedSummary& summary);
  void count(const RunRecord& run, const StagedSummary& summary);
  void count(const Committed& committed);
  void note(const ChunkRecord& record);
  void warn(const std::string& text);
  void take_back();
  void count_found(const iceberg::Snapshot& snapshot, const StagedSummary& summary);
  bool stopping() const { return hooks_.stop != nullptr && hooks_.stop->load(); }
  void show(Progress progress, const char* stage);

  storage::Stores& stores_;
  const BackfillSpec& spec_;
  const Hooks& hooks_;
  ingest::Report& report_;
  Staging staging_;
  const Stopwatch time_;
  Stopwatch stage_time_;
  std::string_view stage_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::optional<RunRecord> before_;  // what an earlier run left in the staging prefix
};

Status Backfill::run() {
  report_.run_id = spec_.catalog.run_id;
  EC_TRY(check_places());
  auto options = spec_.catalog;
  options.mode = catalog::OpenMode::kWrite;
  EC_ASSIGN_OR_RETURN(catalog_, catalog::Catalog::open(stores_, options));
  report_.warehouse = catalog_->warehouse();
  Status status = look_around();
  if (status) status = work();
  // A run that slept while another one took over meets whatever that one left: what there is to say is this.
  if (!status && status.error().kind != ErrorKind::kCancelled) {
    if (auto lock = catalog_->confirm_lock(); !lock && lock.error().kind == ErrorKind::kLocked) status = lock;
  }
  if (auto closed = catalog_->close(); status && !closed) status = closed;
  if (!status && status.error().kind == ErrorKind::kCancelled) {
    report_.interrupted = true;
    status = {};
  }
  if (!report_.snapshot_id && (!status || report_.interrupted)) take_back();
  report_.seconds = time_.seconds();
  report_.peak_rss_bytes = peak_rss_bytes();
  return status;
}

// Rates are those of the stage.
void Backfill::show(Progress progress, const char* stage) {
  if (!hooks_.progress) return;
  if (stage_ != stage) stage_time_ = {};
  stage_ = progress.stage = stage;
  progress.seconds = stage_time_.seconds();
  hooks_.progress(progress);
}

// Before anything is created: a mistyped inventory must not leave a catalog or a lock behind.
Status Backfill::check_places() const {
  if (spec_.delta && spec_.replace) {
    return fail(ErrorKind::kInvalidArgument, "`delta` adds to the table's rows, and `replace` throws them away");
  }
  if (!spec_.skip_inventory) {
    EC_TRY(inventory::open_inventory(stores_, spec_.settings.inventory, spec_.settings.inventory_options()));
  }
  const auto within = [](const std::string& a, const std::string& b) { return (a + "/").starts_with(b + "/"); };
  const auto& warehouse = spec_.catalog.warehouse;
  if (spec_.staging.empty()) return {};
  if (within(spec_.staging, warehouse) || within(warehouse, spec_.staging)) {
    return fail(ErrorKind::kInvalidArgument, "staging {} and warehouse {} lie in each other; choose another `staging`",
                spec_.staging, warehouse);
  }
  return {};
}

// The direct shape: where the unfinished backfill of this warehouse has its files, or where a new one will have them.
Status Backfill::find_run() {
  if (!spec_.staging.empty()) return {};
  const auto& warehouse = catalog_->warehouse();
  EC_ASSIGN_OR_RETURN(const auto unfinished, catalog::read_unfinished_run(stores_, warehouse));
  const auto& run_id = unfinished ? *unfinished : spec_.catalog.run_id;
  staging_ = Staging(stores_, catalog::run_folder(warehouse, run_id), catalog::parts_folder(warehouse, run_id));
  return {};
}

Status Backfill::look_around() {
  return together({[&] {
                     return annotate(storage::probe_writable(stores_, catalog_->warehouse()),
                                     "the warehouse takes no new files");
                   },
                   [&]() -> Status {
                     EC_TRY(find_run());
                     if (spec_.restart) return {};
                     EC_ASSIGN_OR_RETURN(before_, read_run_record(staging_));
                     return {};
                   }});
}

Status Backfill::work() {
  EC_ASSIGN_OR_RETURN(const auto run, start());
  if (!run) return {};
  if (!spec_.skip_ingest) EC_TRY(ingest(*run));
  for (int number = 0;; ++number) {
    EC_ASSIGN_OR_RETURN(StagedSummary summary, summarize_staged(staging_, *run, plan_options(*run)));
    if (const auto* const snapshot = find_commit(*catalog_, summary)) {
      count(*run, summary);
      count_found(*snapshot, summary);
      return finish(*run, summary);
    }
    count(*run, summary);
    EC_TRY(check_found(summary, *run, spec_.missing));
    const auto options = round_options(*run, number);
    if (nothing_to_do(summary, options)) return finish(*run, summary);
    EC_ASSIGN_OR_RETURN(const CommitPlan plan, make_commit_plan(*catalog_, staging_, std::move(summary), options));
    count(*run, plan.summary);
    EC_ASSIGN_OR_RETURN(const auto tasks, compact(plan));
    show({}, "commit");
    const auto committed = commit_staged(*catalog_, staging_, *run, plan, tasks);
    if (committed) {
      count(*committed);
      return finish(*run, plan.summary);
    }
    // What was decided on the old state may be wrong on the new one; tasks that it does not concern stay done.
    const bool again = committed.error().kind == ErrorKind::kConflict && options.delta && number + 1 < kMostRounds;
    if (!again) return std::unexpected(committed.error());
    EC_TRY(catalog_->refresh());
  }
}

// What is to be done now; nothing when a commit has done it all.
Result<std::optional<RunRecord>> Backfill::start() {
  if (!before_ && !spec_.replace && !spec_.delta) {  // known before anything is fetched or removed
    EC_ASSIGN_OR_RETURN(const auto files, present_files(*catalog_));
    if (!files.empty()) {
      EC_TRY(repeat(files.size()));
      return std::nullopt;
    }
  }
  if (spec_.restart) EC_TRY(cleanup_staging(staging_, Kept::kNothing));
  if (before_ && before_->committed_snapshot) return after_commit(*before_);
  if (before_ && before_->first_attempt > 0) {  // a retry after a commit, stopped on its way
    EC_TRY(check_belongs(*before_));
    return before_;
  }
  return chunks();
}

// The table has rows and nothing is staged. When they are those of a backfill with these settings, this run repeats a
// finished one, or one that was killed at its very end: what that one left undone is done.
Status Backfill::repeat(std::size_t files) {
  if (spec_.restart || spec_.skip_inventory) return std::unexpected(table_has_rows(files));
  RunSettings now = settings();
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, now.inventory, now.inventory_options()));
  now.inventory_identity = inventory->identity();
  if (!is_backfill_of(*catalog_, now)) return std::unexpected(table_has_rows(files));
  const auto& snapshot = *catalog_->table().current_snapshot();
  report_.already_committed = true;
  report_.snapshot_id = snapshot.snapshot_id;
  report_.unchanged = number_of(snapshot, "written-items") + number_of(snapshot, "superseded-items");
  report_.missing = number_of(snapshot, "missing-items");
  report_.rejected = number_of(snapshot, "rejected-items");
  report_.source_items = report_.unchanged + report_.missing + report_.rejected;
  return finish_committed(*catalog_, staging_, {}, finish_options());
}

Result<std::optional<RunRecord>> Backfill::after_commit(RunRecord record) {
  EC_TRY(check_belongs(record));
  EC_TRY(annotate(check_table(*catalog_, record), staging_.root()));
  EC_TRY(finish_committed(*catalog_, staging_, record, finish_options()));
  if (record.pending == 0 || !spec_.retry_pending) {
    if (*record.committed_snapshot != 0) report_.snapshot_id = record.committed_snapshot;
    report_.already_committed = true;
    report_.chunks = report_.chunks_staged = record.chunks;
    report_.source_items = report_.pending = record.pending;
    return std::nullopt;
  }
  record.committed_snapshot.reset();
  record.first_attempt = record.next_attempt;
  EC_TRY(staging_.write(staging_.run_record(), to_json_text(record)));
  return record;
}

RunSettings Backfill::settings() const {
  RunSettings settings = spec_.settings;
  settings.grid_type = catalog_->grid().type;
  settings.resolution = catalog_->grid().resolution;
  settings.boundaries_path = catalog_->grid().boundaries_path;
  settings.id_field = catalog_->grid().id_field;
  return settings;
}

// What was committed cannot grow by a larger limit.
Status Backfill::check_belongs(const RunRecord& record) const {
  if (spec_.skip_inventory) return check_staged(record);
  RunSettings now = settings();
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores_, now.inventory, now.inventory_options()));
  now.inventory_identity = inventory->identity();
  EC_TRY(annotate(check_same(record.settings, now), staging_.root()));
  if (now.limit == record.settings.limit) return {};
  return fail(ErrorKind::kInvalidArgument,
              "{}: its backfill is committed with another limit; use `delta` with another `staging`, or `restart` to "
              "begin anew",
              staging_.root());
}

// Without its inventory: the grid of the table must be that of what is staged. The source root is that of the record,
// unless another one was asked for.
Status Backfill::check_staged(const RunRecord& record) const {
  const RunSettings asked = settings();
  RunSettings now = record.settings;
  now.grid_type = asked.grid_type;
  now.resolution = asked.resolution;
  now.boundaries_path = asked.boundaries_path;
  now.id_field = asked.id_field;
  if (asked.source_root != RunSettings().source_root) now.source_root = asked.source_root;
  return annotate(check_same(record.settings, now), staging_.root());
}

Result<RunRecord> Backfill::chunks() {
  show({}, "inventory");
  if (!spec_.skip_inventory) {
    return write_chunks_after(stores_, {.staging = staging_.root(), .settings = settings()}, before_);
  }
  if (!before_ || !before_->complete) {
    return fail(ErrorKind::kInvalidArgument, "`skip_inventory`: {} holds no finished chunks", staging_.root());
  }
  EC_TRY(check_staged(*before_));
  return *before_;
}

Result<IngestChunkSpec> Backfill::ingest_spec(const RunRecord& run, Attempt attempt) const {
  const auto& grid = catalog_->grid();
  TableSchema schema;
  if (staging_.is_direct() && catalog_->item_schema()) {
    EC_ASSIGN_OR_RETURN(const auto columns, catalog_->plan_schema(*catalog_->item_schema()));
    schema = describe(*catalog_->item_schema(), columns);
  }
  return IngestChunkSpec{.staging = staging_.root(),
                         .parts = staging_.parts(),
                         .schema = std::move(schema),
                         .max_columns = static_cast<std::int64_t>(spec_.max_columns),
                         .chunk = attempt.chunk,
                         .attempt = attempt.number,
                         .grid_type = grid.type,
                         .boundaries_path = grid.boundaries_path,
                         .id_field = grid.id_field,
                         .resolution = grid.resolution,
                         .source_root = run.settings.source_root,
                         .fetch_concurrency = spec_.fetch.concurrency,
                         .max_object_bytes = spec_.fetch.max_object_bytes,
                         .workers = spec_.workers,
                         .memory_limit_bytes = spec_.memory_limit_bytes};
}

// One chunk after the other, each with all workers: a chunk keeps the network busy by itself.
Status Backfill::ingest(const RunRecord& run) {
  const bool retry = run.first_attempt > 0;
  std::int64_t done = 0, before = 0;
  const Hooks hooks{.progress =
                        [&](Progress progress) {
                          progress.settled += done;
                          progress.before = before;
                          progress.total = retry ? run.pending : run.items;
                          progress.total_is_estimate = false;
                          show(progress, "fetch");
                        },
                    .stop = hooks_.stop,
                    .warn = [&](const std::string& text) { warn(text); }};
  report_.chunks = run.chunks;
  report_.chunks_staged = 0;
  if (!retry) report_.source_items = run.items;
  for (std::int64_t chunk = 0; chunk < run.chunks; ++chunk) {
    if (stopping()) return fail(ErrorKind::kCancelled, "stopped");
    std::optional<ChunkRecord> first;
    EC_TRY(together({[&] { return catalog_->confirm_lock(); },
                     [&]() -> Status {
                       EC_ASSIGN_OR_RETURN(first, read_chunk_record(staging_, {chunk, run.first_attempt}, run.started));
                       return {};
                     }}));
    EC_ASSIGN_OR_RETURN(const bool worked, ingest_attempts(run, chunk, std::move(first), hooks));
    ++*report_.chunks_staged;
    if (retry) continue;
    const auto next = std::min(run.items, (chunk + 1) * run.settings.chunk_size);
    if (!worked) before += next - done;
    done = next;
  }
  return {};
}

// `first`: the marker of the first attempt, if it is there. False when earlier runs did all of the chunk.
Result<bool> Backfill::ingest_attempts(const RunRecord& run, std::int64_t chunk, std::optional<ChunkRecord> first,
                                       const Hooks& hooks) {
  bool worked = false;
  for (Attempt at{chunk, run.first_attempt};; ++at.number) {
    auto record = std::exchange(first, std::nullopt);
    if (at.number > run.first_attempt) {
      EC_ASSIGN_OR_RETURN(record, read_chunk_record(staging_, at, run.started));
    }
    if (!record && at.number == run.first_attempt && at.number > 0) {
      EC_ASSIGN_OR_RETURN(const bool pending, staging_.exists(staging_.pending(chunk)));
      if (!pending) return worked;
    }
    const bool tried = !record && at.number > 0;  // one try a run
    if (!record) {
      EC_ASSIGN_OR_RETURN(const auto spec, ingest_spec(run, at));
      EC_ASSIGN_OR_RETURN(record, ingest_attempt(stores_, spec, run, hooks));
      worked = true;
    }
    note(*record);
    if (record->pending == 0 || tried || !spec_.retry_pending) return worked;
  }
}

// Where a task waits for its last requests, others compute.
int Backfill::tasks_at_once() const {
  const auto where = stores_.locate(staging_.root());
  const bool far = where && where->store->capabilities().far;
  return std::max(1, spec_.workers) * (far ? 2 : 1);
}

CommitPlanOptions Backfill::round_options(const RunRecord& run, int number) const {
  const std::int64_t task_memory = spec_.memory_limit_bytes / tasks_at_once();
  return {.run_id = spec_.catalog.run_id,
          .first_part = number * kPartsPerRound,
          .delta = is_delta(run),
          .replace = spec_.replace,
          .schema = spec_.catalog.schema,
          .max_columns = spec_.max_columns,
          .compact_rows = spec_.compact_rows,
          .memory_bytes = spec_.memory_limit_bytes,
          .task_memory_bytes = task_memory,
          .task_bytes = std::min(CommitPlanOptions().task_bytes, task_memory / 3)};
}

Result<std::vector<CompactTaskReport>> Backfill::compact(const CommitPlan& plan) {
  std::vector<CompactTaskReport> reports(plan.tasks.size());
  Progress progress{.total = 0, .unit = "rows"};
  for (const auto& group : plan.summary.groups) {
    for (const auto& file : group.files) progress.total += file.rows;
  }
  show(progress, "compact");
  std::mutex mutex;
  const auto one = [&](std::size_t task) -> Status {
    if (stopping()) return fail(ErrorKind::kCancelled, "stopped");
    const auto spec = task_spec(plan, staging_, catalog_->warehouse(), task);
    EC_ASSIGN_OR_RETURN(reports[task], compact_group(stores_, spec));
    const std::lock_guard lock(mutex);
    progress.settled += reports[task].rows + reports[task].dropped_rows;
    show(progress, "compact");
    return {};
  };
  EC_TRY(parallel_for(reports.size(), static_cast<std::size_t>(tasks_at_once()), one));
  return reports;
}

FinishOptions Backfill::finish_options() const {
  return {.problems = spec_.problems,
          .hash_index = spec_.hash_index,
          .hash_index_uri = spec_.hash_index_uri,
          .keep_staging = spec_.keep_staging,
          .memory_bytes = spec_.memory_limit_bytes};
}

Status Backfill::finish(const RunRecord& run, const StagedSummary& summary) {
  if (!catalog_->confirm_lock()) return {};  // the staging prefix is another's by now
  EC_ASSIGN_OR_RETURN(report_.problems,
                      finish_run(*catalog_, staging_, run, summary, report_.snapshot_id, finish_options()));
  return {};
}

void Backfill::count(const RunRecord& run, const StagedSummary& summary) {
  if (run.first_attempt == 0) {
    report_.inventory_rows = run.inventory_rows;
    report_.skipped_suffix = run.skipped_suffix;
    report_.skipped_since = run.skipped_since;
    report_.skipped_versions = run.skipped_versions;
    report_.inventory_dates_unparseable = run.inventory_dates_unparseable;
  }
  report_.chunks = report_.chunks_staged = run.chunks;
  report_.source_items = summary.source_items;
  report_.written_items = summary.counted_items();
  report_.superseded = summary.superseded_items();
  report_.undated = summary.items.undated;
  report_.unlocated = summary.items.unlocated;
  report_.fan_out_distribution = summary.items.fan_out;
  report_.missing = summary.missing;
  report_.first_missing = summary.first_missing;
  report_.pending = summary.pending;
  report_.rejected = summary.rejected;
  report_.bytes_fetched = report_.item_dates_unparseable = 0;
  for (const auto& record : summary.records) {
    report_.bytes_fetched += record.bytes_fetched;
    report_.item_dates_unparseable += record.item_dates_unparseable;
  }
  report_.cells.clear();
  report_.years.clear();
  for (const auto& group : summary.groups) {
    if (group.files.empty()) continue;
    report_.cells.insert(group.partition.cell);
    if (group.partition.year) report_.years.insert(*group.partition.year);
  }
}

// Of a chunk that is staged, for the report of a run that does not come to the commit; count() counts anew.
void Backfill::note(const ChunkRecord& record) {
  if (!record.warning.empty() && report_.warnings.empty()) report_.warnings.push_back(record.warning);
  if (record.attempt > 0) return;
  report_.missing += record.missing;
  report_.pending += record.pending;
  report_.rejected += record.rejected;
}

void Backfill::warn(const std::string& text) {
  if (!report_.warnings.empty()) return;
  report_.warnings.push_back(text);
  if (hooks_.warn) hooks_.warn(text);
}

// Nothing was committed: what is staged is not written.
void Backfill::take_back() {
  report_.written_items = report_.superseded = 0;
  report_.rows = report_.files = 0;
  report_.not_done = report_.imbalance();
}

void Backfill::count(const Committed& committed) {
  report_.snapshot_id = committed.snapshot_id;
  report_.rows = committed.rows;
  report_.files = committed.files;
  report_.bytes = committed.bytes;
  report_.replaced_rows = committed.replaced_rows;
  report_.rewritten_files = committed.rewritten_files;
  report_.commits = 1;
}

// An earlier run has committed the summary; which of its items lost to the table only that run knew.
void Backfill::count_found(const iceberg::Snapshot& snapshot, const StagedSummary& summary) {
  report_.already_committed = true;
  report_.snapshot_id = snapshot.snapshot_id;
  if (!snapshot.summary.contains("earthcatalog.written-items")) return;
  report_.written_items = number_of(snapshot, "written-items");
  report_.superseded = summary.staged_items + summary.repeated + summary.superseded_before - report_.written_items;
}

}  // namespace

Status run_backfill(storage::Stores& stores, const BackfillSpec& spec, const Hooks& hooks, ingest::Report& report) {
  return Backfill(stores, spec, hooks, report).run();
}

}  // namespace earthcatalog::backfill
