#include "earthcatalog/backfill/phases/coordinator_phases.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "earthcatalog/backfill/coordinator.h"
#include "earthcatalog/backfill/phases/cleanup.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/backfill/tasks/lost_files.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/lock/host.h"

namespace earthcatalog::backfill {
namespace {

// A place in this process's memory, where there is no table.
constexpr const char* kNoCatalog = "memory://no-catalog/catalog.db";

catalog::GridRequest grid_request(const RunSettings& settings) {
  if (settings.grid_type == "h3") {
    return {.type = "h3", .resolution = settings.resolution, .boundaries_path = {}, .id_field = {}};
  }
  if (settings.grid_type == "python") {
    const bool has_resolution = settings.resolution != grid::kNoResolution;
    return {.type = "python",
            .resolution = has_resolution ? std::optional(settings.resolution) : std::nullopt,
            .boundaries_path = {},
            .id_field = {},
            .python = settings.python};
  }
  return {.type = settings.grid_type,
          .resolution = {},
          .boundaries_path = settings.boundaries_path,
          .id_field = settings.id_field};
}

std::optional<stac::SchemaKind> schema_of(const CoordinatorSpec& spec) {
  if (spec.schema.empty()) return std::nullopt;
  return spec.schema == "itslive" ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
}

catalog::CatalogOptions catalog_options(const CoordinatorSpec& spec, const RunSettings& settings) {
  catalog::CatalogOptions options{.catalog = spec.catalog.empty() ? kNoCatalog : spec.catalog,
                                  .warehouse = spec.warehouse};
  options.mode = catalog::OpenMode::kWrite;
  options.run_id = spec.run_id;
  options.grid = grid_request(settings);
  options.schema = schema_of(spec);
  options.lock = spec.lock;
  options.lock_uri = spec.lock_uri;
  options.held_lock = spec.held_lock;
  options.lock_owner = "backfill";
  options.host = catalog::this_host();
  return options;
}

CoordinatorOptions coordinator_options(const CoordinatorSpec& spec, bool delta, const Hooks& hooks) {
  return {.plan = {.run_id = spec.run_id,
                   .delta = delta,
                   .replace = spec.replace,
                   .schema = schema_of(spec),
                   .max_columns = static_cast<std::size_t>(spec.max_columns),
                   .compact_rows = spec.compact_rows,
                   .memory_bytes = spec.memory_limit_bytes,
                   .task_memory_bytes = spec.task_memory_bytes,
                   .task_bytes = spec.task_bytes,
                   .hooks = hooks},
          .finish = {.problems = spec.problems,
                     .hash_index = spec.update_hash_index || !spec.hash_index.empty(),
                     .hash_index_uri = spec.hash_index,
                     .keep_staging = spec.keep_staging,
                     .memory_bytes = spec.memory_limit_bytes},
          .missing = {.most = spec.most_missing, .most_share = spec.most_missing_share}};
}

// Commits what workers have done, and says so in a report.
class DoneWork final : public CommitWork {
 public:
  DoneWork(const Staging& staging, const std::string& warehouse, const Hooks& hooks, RegisterReport& report)
      : staging_(staging), warehouse_(warehouse), hooks_(hooks), report_(report) {}

  void on_summary(const StagedSummary& summary) override {
    report_.plan_id = summary.plan_id;
    report_.pending = summary.pending;
  }
  void on_committed_before(const iceberg::Snapshot& snapshot, const StagedSummary&) override {
    report_.snapshot_id = snapshot.snapshot_id;
  }
  Result<std::vector<CompactTaskReport>> compact(const CommitPlan& plan) override;
  void on_commit(const CommitPlan& plan, const Committed& committed) override {
    report_.snapshot_id = committed.snapshot_id;
    report_.written_items = plan.summary.counted_items();
    report_.superseded = plan.summary.superseded_items();
    report_.rows = committed.rows;
    report_.files = committed.files;
    report_.replaced_rows = committed.replaced_rows;
    report_.rewritten_files = committed.rewritten_files;
  }

 private:
  const Staging& staging_;
  const std::string& warehouse_;
  const Hooks& hooks_;
  RegisterReport& report_;
};

Result<std::vector<CompactTaskReport>> DoneWork::compact(const CommitPlan& plan) {
  const auto not_done = [&](std::size_t task) {
    return fail(ErrorKind::kNotFound, "task {} of {} is not done on the table as it is now; plan and compact again",
                task, plan.tasks.size());
  };
  std::vector<DoneTask> tasks(plan.tasks.size());
  EC_TRY(parallel_for(tasks.size(), staging_.stores().parallel(1), [&](std::size_t task) -> Status {
    EC_TRY(check_stop(hooks_));
    EC_ASSIGN_OR_RETURN(auto done, read_done_task(staging_, task_spec(plan, staging_, warehouse_, task)));
    if (!done) return not_done(task);
    tasks[task] = *std::move(done);
    return {};
  }));
  std::vector<CompactTaskReport> reports;
  std::vector<iceberg::DataFile> files;
  std::vector<std::size_t> task_of_file;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    reports.push_back(tasks[task].report);
    std::ranges::move(tasks[task].files.added, std::back_inserter(files));
    task_of_file.resize(files.size(), task);
  }
  EC_ASSIGN_OR_RETURN(const auto lost, find_lost(staging_.stores(), warehouse_, files));
  if (lost) return not_done(task_of_file[*lost]);
  EC_TRY(check_stop(hooks_));
  return reports;
}

// The finished chunks and the table that a spec names.
struct Head {
  Staging staging;
  RunRecord run;
  std::unique_ptr<catalog::Catalog> catalog;
};

Result<Head> open_head(storage::Stores& stores, const CoordinatorSpec& spec) {
  Staging staging(stores, spec.staging, spec.parts);
  EC_ASSIGN_OR_RETURN(auto run, read_run_record(staging));
  if (!run || !run->complete) {
    return fail(ErrorKind::kInvalidArgument, "{} holds no finished chunks", spec.staging);
  }
  EC_ASSIGN_OR_RETURN(auto catalog, catalog::Catalog::open(stores, catalog_options(spec, run->settings)));
  return Head{.staging = std::move(staging), .run = *std::move(run), .catalog = std::move(catalog)};
}

Result<RegisterReport> commit_locked(Head& head, const CoordinatorOptions& options, const Hooks& hooks) {
  RegisterReport report;
  if (head.run.committed_snapshot) {
    report.snapshot_id = head.run.committed_snapshot;
    report.pending = head.run.pending;
    EC_TRY(finish_committed(*head.catalog, head.staging, head.run, options.finish));
    return report;
  }
  DoneWork work(head.staging, head.catalog->warehouse(), hooks, report);
  EC_TRY(Coordinator(*head.catalog, head.staging, head.run, options).commit(work));
  return report;
}

Result<RegisterReport> commit(storage::Stores& stores, const CoordinatorSpec& spec, bool delta, const Hooks& hooks) {
  if (spec.catalog.empty()) return fail(ErrorKind::kInvalidArgument, "`catalog`: a commit needs one");
  EC_ASSIGN_OR_RETURN(auto head, open_head(stores, spec));
  auto report = commit_locked(head, coordinator_options(spec, delta || head.run.first_attempt > 0, hooks), hooks);
  if (auto closed = head.catalog->close(); report && !closed) return std::unexpected(std::move(closed).error());
  return report;
}

}  // namespace

void to_json(nlohmann::json& json, const PlanReport& report) {
  json = {{"plan_id", report.plan_id}, {"committed_snapshot", report.committed_snapshot}, {"tasks", report.tasks}};
  if (!report.stored_tasks.empty()) json["tasks"] = report.stored_tasks;
}

Result<PlanReport> plan_compaction(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks) {
  auto without_lock = spec;
  without_lock.lock = false;
  without_lock.held_lock.reset();
  EC_ASSIGN_OR_RETURN(const auto head, open_head(stores, without_lock));
  PlanReport report{.plan_id = {}, .committed_snapshot = head.run.committed_snapshot, .tasks = {}, .stored_tasks = {}};
  if (report.committed_snapshot) return report;
  const auto options = coordinator_options(spec, spec.delta || head.run.first_attempt > 0, hooks);
  Coordinator coordinator(*head.catalog, head.staging, head.run, options);
  EC_ASSIGN_OR_RETURN(const auto decision, coordinator.decide([](const StagedSummary&) {}));
  const auto& plan = decision.plan;
  report.plan_id = plan.summary.plan_id;
  if (decision.snapshot) report.committed_snapshot = decision.snapshot->snapshot_id;
  if (!plan.tasks.empty()) EC_TRY(write_schema(head.staging, *plan.schema));
  const auto spec_of = [&](std::size_t task) { return task_spec(plan, head.staging, head.catalog->warehouse(), task); };
  if (!spec.store_tasks) {
    for (std::size_t task = 0; task < plan.tasks.size(); ++task) report.tasks.push_back(spec_of(task));
    return report;
  }
  report.stored_tasks.resize(plan.tasks.size());
  EC_TRY(parallel_for(plan.tasks.size(), stores.parallel(1), [&](std::size_t task) -> Status {
    EC_TRY(check_stop(hooks));
    EC_ASSIGN_OR_RETURN(report.stored_tasks[task], write_task(head.staging, spec_of(task)));
    return {};
  }));
  return report;
}

Result<RegisterReport> register_and_cleanup(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks) {
  return commit(stores, spec, false, hooks);
}

Result<RegisterReport> register_delta(storage::Stores& stores, const CoordinatorSpec& spec, const Hooks& hooks) {
  return commit(stores, spec, true, hooks);
}

Result<CleanupReport> cleanup_phase(storage::Stores& stores, const CleanupSpec& spec, const Hooks& hooks) {
  const Staging staging(stores, spec.staging, spec.parts);
  EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging));
  CleanupReport report;
  if (spec.restart) {
    EC_ASSIGN_OR_RETURN(report.removed, cleanup_staging(staging, Kept::kNothing, hooks));
  } else if (!run) {  // a clean-up that was stopped at its very end
    EC_TRY(staging.form().release(stores));
  } else if (!run->committed_snapshot) {
    return fail(ErrorKind::kInvalidArgument, "what is staged in {} is not committed yet; \"restart\": true removes it",
                spec.staging);
  } else {
    const auto kept = run->pending > 0 ? Kept::kPending : Kept::kPendingLists;
    EC_ASSIGN_OR_RETURN(report.removed, cleanup_staging(staging, kept, hooks));
  }
  return report;
}

}  // namespace earthcatalog::backfill
