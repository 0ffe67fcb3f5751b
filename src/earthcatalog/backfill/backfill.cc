#include "earthcatalog/backfill/backfill.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "earthcatalog/backfill/coordinator.h"
#include "earthcatalog/backfill/local_ingest.h"
#include "earthcatalog/backfill/local_start.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/run_report.h"
#include "earthcatalog/backfill/stop.h"
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
// Of a new table of the direct shape, when nobody says one.
constexpr int kDefaultResolution = 1;

// Places, lock, record and chunks, then the coordinator with tasks that are done here.
class Backfill final : private CommitWork {
 public:
  Backfill(storage::Stores& stores, const BackfillSpec& spec, const Hooks& hooks, ingest::Report& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report), staging_(stores, spec.staging) {}

  Status run();

 private:
  Status check_places() const;
  Status find_run();
  Status look_around();
  Status work();
  Status ingest(const RunRecord& run);
  CoordinatorOptions coordinator_options() const;
  FinishOptions finish_options() const;
  bool is_far() const;
  int tasks_at_once() const;
  int chunks_at_once() const;
  Hooks quiet() const;
  void note_resolution();
  void on_summary(const StagedSummary& summary) override { count_staged(run_, summary, report_); }
  void on_committed_before(const iceberg::Snapshot& snapshot, const StagedSummary& summary) override {
    count_earlier_commit(snapshot, summary, report_);
  }
  Result<std::vector<CompactTaskReport>> compact(const CommitPlan& plan) override;
  void on_commit(const CommitPlan&, const Committed& committed) override { count_commit(committed, report_); }
  void warn(const std::string& text);
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
  RunRecord run_;
  bool warned_ = false;  // of a grid that is too fine: of one chunk is enough
};

Status Backfill::run() {
  report_.run_id = spec_.catalog.run_id;
  EC_TRY(check_places());
  auto options = spec_.catalog;
  options.mode = catalog::OpenMode::kWrite;
  if (spec_.staging.empty() && !options.default_resolution) options.default_resolution = kDefaultResolution;
  EC_ASSIGN_OR_RETURN(catalog_, catalog::Catalog::open(stores_, options));
  report_.warehouse = catalog_->warehouse();
  note_resolution();
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
  if (!report_.snapshot_id && (!status || report_.interrupted)) take_back(report_);
  report_.seconds = time_.seconds();
  report_.peak_rss_bytes = peak_rss_bytes();
  return status;
}

void Backfill::note_resolution() {
  const auto& grid = catalog_->grid();
  if (catalog_->has_table() || !spec_.staging.empty() || grid.type != "h3" || spec_.catalog.grid.resolution) return;
  const auto note = fmt::format("`h3_resolution` was not given: the new table has {}", grid.resolution);
  report_.warnings.push_back(note);
  if (hooks_.warn) hooks_.warn(note);
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
  show({}, "inventory");
  Hooks hooks = quiet();
  hooks.progress = [&](const Progress& progress) { show(progress, "inventory"); };
  const LocalStart local(stores_, spec_, *catalog_, staging_,
                         {.chunks_at_once = chunks_at_once(), .finish = finish_options(), .hooks = hooks});
  EC_ASSIGN_OR_RETURN(auto run, local.start(before_, report_));
  if (!run) return {};
  run_ = *std::move(run);
  if (!spec_.skip_ingest) EC_TRY(ingest(run_));
  Coordinator coordinator(*catalog_, staging_, run_, coordinator_options());
  EC_ASSIGN_OR_RETURN(report_.problems, coordinator.commit(*this));
  return {};
}

Status Backfill::ingest(const RunRecord& run) {
  report_.chunks = run.chunks;
  report_.chunks_staged = 0;
  if (run.first_attempt == 0) report_.source_items = run.items;
  Hooks hooks = quiet();
  hooks.progress = [&](const Progress& progress) { show(progress, "fetch"); };
  hooks.warn = [&](const std::string& text) { warn(text); };
  LocalIngest local(stores_, spec_, *catalog_, staging_, run);
  return local.run(
      hooks,
      [&](const ChunkRecord& record) {
        add_chunk(record, report_);
        if (!record.warning.empty()) warn(record.warning);
      },
      [&] { ++*report_.chunks_staged; });
}

bool Backfill::is_far() const {
  const auto where = stores_.locate(staging_.root());
  return where && where->store->capabilities().far;
}

// Where a task waits for its last requests, others compute.
int Backfill::tasks_at_once() const { return std::max(1, spec_.workers) * (is_far() ? 2 : 1); }

// As many as a quarter of the memory holds the keys of.
int Backfill::chunks_at_once() const {
  const std::int64_t chunk_bytes = 250 * std::max<std::int64_t>(1, spec_.settings.chunk_size);
  const std::int64_t most = is_far() ? 64 : std::max(1, spec_.workers);
  return static_cast<int>(std::clamp<std::int64_t>(spec_.memory_limit_bytes / 4 / chunk_bytes, 1, most));
}

// Who stops the run stops what it calls, which tells nothing of its own progress.
Hooks Backfill::quiet() const {
  Hooks hooks = hooks_;
  hooks.progress = {};
  return hooks;
}

CoordinatorOptions Backfill::coordinator_options() const {
  const std::int64_t task_memory = spec_.memory_limit_bytes / tasks_at_once();
  return {.plan = {.run_id = spec_.catalog.run_id,
                   .delta = spec_.delta || run_.first_attempt > 0,
                   .replace = spec_.replace,
                   .schema = spec_.catalog.schema,
                   .max_columns = spec_.max_columns,
                   .compact_rows = spec_.compact_rows,
                   .memory_bytes = spec_.memory_limit_bytes,
                   .task_memory_bytes = task_memory,
                   .task_bytes = std::min(CommitPlanOptions().task_bytes, task_memory / 3),
                   .hooks = quiet()},
          .finish = finish_options(),
          .missing = spec_.missing,
          .most_rounds = kMostRounds};
}

Result<std::vector<CompactTaskReport>> Backfill::compact(const CommitPlan& plan) {
  std::vector<CompactTaskReport> reports(plan.tasks.size());
  Progress progress{.total = 0, .unit = "rows"};
  for (const auto& group : plan.summary.groups) {
    for (const auto& file : group.files) progress.total += file.rows;
  }
  show(progress, "compact");
  const Hooks hooks = quiet();
  std::mutex mutex;
  const auto one = [&](std::size_t task) -> Status {
    EC_TRY(check_stop(hooks_));
    const auto spec = task_spec(plan, staging_, catalog_->warehouse(), task);
    EC_ASSIGN_OR_RETURN(reports[task], compact_group(stores_, spec, hooks));
    const std::lock_guard lock(mutex);
    progress.settled += reports[task].rows + reports[task].dropped_rows;
    show(progress, "compact");
    return {};
  };
  EC_TRY(parallel_for(reports.size(), static_cast<std::size_t>(tasks_at_once()), one));
  show({}, "commit");
  return reports;
}

FinishOptions Backfill::finish_options() const {
  return {.problems = spec_.problems,
          .hash_index = spec_.hash_index,
          .hash_index_uri = spec_.hash_index_uri,
          .keep_staging = spec_.keep_staging,
          .memory_bytes = spec_.memory_limit_bytes};
}

void Backfill::warn(const std::string& text) {
  if (std::exchange(warned_, true)) return;
  report_.warnings.push_back(text);
  if (hooks_.warn) hooks_.warn(text);
}

}  // namespace

Status run_backfill(storage::Stores& stores, const BackfillSpec& spec, const Hooks& hooks, ingest::Report& report) {
  return Backfill(stores, spec, hooks, report).run();
}

}  // namespace earthcatalog::backfill
