#include "earthcatalog/backfill/head_phases.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "earthcatalog/backfill/cleanup.h"
#include "earthcatalog/backfill/lost_files.h"
#include "earthcatalog/backfill/register.h"
#include "earthcatalog/backfill/round.h"
#include "earthcatalog/backfill/write_chunks.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/host.h"
#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::backfill {
namespace {

catalog::GridRequest grid_request(const RunSettings& settings) {
  if (settings.grid_type == "h3") {
    return {.type = "h3", .resolution = settings.resolution, .boundaries_path = {}, .id_field = {}};
  }
  return {.type = settings.grid_type,
          .resolution = {},
          .boundaries_path = settings.boundaries_path,
          .id_field = settings.id_field};
}

// One call of a phase.
class Head {
 public:
  Head(storage::Stores& stores, const HeadSpec& spec, bool delta)
      : stores_(stores), spec_(spec), delta_(delta), staging_(stores, spec.staging, spec.parts) {}

  Result<PlanReport> plan_tasks() {
    EC_TRY(open(false));
    EC_ASSIGN_OR_RETURN(Plan plan, make());
    PlanReport report{.plan_id = plan.plan_id, .committed_snapshot = run_.committed_snapshot, .tasks = {}};
    if (const auto* const snapshot = find_commit(*catalog_, plan)) report.committed_snapshot = snapshot->snapshot_id;
    if (report.committed_snapshot) return report;
    EC_TRY(check_found(plan, run_, {}));
    const auto of_round = options();
    if (nothing_to_do(plan, of_round)) return report;
    EC_ASSIGN_OR_RETURN(const Round round, plan_round(*catalog_, staging_, std::move(plan), of_round));
    for (std::size_t task = 0; task < round.tasks.size(); ++task) report.tasks.push_back(spec_of(round, task));
    return report;
  }

  Result<RegisterReport> commit() {
    EC_TRY(open(spec_.lock));
    auto report = commit_locked();
    if (auto closed = catalog_->close(); report && !closed) return std::unexpected(std::move(closed).error());
    return report;
  }

 private:
  Status open(bool lock) {
    EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging_));
    if (!run || !run->complete) {
      return fail(ErrorKind::kInvalidArgument, "{} holds no finished chunks", spec_.staging);
    }
    run_ = *run;
    catalog::CatalogOptions options{.catalog = spec_.catalog, .warehouse = spec_.warehouse};
    options.mode = catalog::OpenMode::kWrite;
    options.run_id = spec_.run_id;
    options.grid = grid_request(run_.settings);
    options.schema = schema();
    options.lock = lock;
    options.lock_uri = spec_.lock_uri;
    options.lock_owner = "backfill";
    options.host = catalog::this_host();
    EC_ASSIGN_OR_RETURN(catalog_, catalog::Catalog::open(stores_, options));
    return {};
  }

  std::optional<stac::SchemaKind> schema() const {
    if (spec_.schema.empty()) return std::nullopt;
    return spec_.schema == "itslive" ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
  }

  RoundOptions options() const {
    return {.run_id = spec_.run_id,
            .delta = delta_ || run_.first_attempt > 0,
            .replace = spec_.replace,
            .schema = schema(),
            .max_columns = static_cast<std::size_t>(spec_.max_columns),
            .compact_rows = spec_.compact_rows,
            .memory_bytes = spec_.memory_limit_bytes,
            .task_memory_bytes = spec_.task_memory_bytes,
            .task_bytes = spec_.task_bytes};
  }

  FinishOptions finish_options() const {
    return {.problems = spec_.problems,
            .hash_index = spec_.update_hash_index || !spec_.hash_index.empty(),
            .hash_index_uri = spec_.hash_index,
            .keep_staging = spec_.keep_staging,
            .memory_bytes = spec_.memory_limit_bytes};
  }

  Result<Plan> make() const {
    if (run_.committed_snapshot) return Plan{};
    return make_plan(staging_, run_, {.delta = options().delta, .memory_bytes = spec_.memory_limit_bytes});
  }
  CompactGroupSpec spec_of(const Round& round, std::size_t task) const {
    return task_spec(round, staging_, catalog_->warehouse(), task);
  }

  Result<RegisterReport> commit_locked() {
    RegisterReport report;
    if (run_.committed_snapshot) {
      report.snapshot_id = run_.committed_snapshot;
      report.pending = run_.pending;
      EC_TRY(finish_committed(*catalog_, staging_, run_, finish_options()));
      return report;
    }
    EC_ASSIGN_OR_RETURN(Plan plan, make());
    report.plan_id = plan.plan_id;
    report.pending = plan.pending;
    if (const auto* const snapshot = find_commit(*catalog_, plan)) {
      report.snapshot_id = snapshot->snapshot_id;
      EC_TRY(finish_round(*catalog_, staging_, run_, plan, report.snapshot_id, finish_options()));
      return report;
    }
    EC_TRY(check_found(plan, run_, {}));
    if (nothing_to_do(plan, options())) {
      EC_TRY(finish_round(*catalog_, staging_, run_, plan, {}, finish_options()));
      return report;
    }
    EC_ASSIGN_OR_RETURN(const Round round, plan_round(*catalog_, staging_, std::move(plan), options()));
    EC_ASSIGN_OR_RETURN(const auto tasks, task_reports(round));
    EC_ASSIGN_OR_RETURN(const Committed done, commit_round(*catalog_, staging_, run_, round, tasks));
    report.snapshot_id = done.snapshot_id;
    report.written_items = round.plan.counted_items();
    report.superseded = round.plan.superseded_items();
    report.rows = done.rows;
    report.files = done.files;
    report.replaced_rows = done.replaced_rows;
    report.rewritten_files = done.rewritten_files;
    EC_TRY(finish_round(*catalog_, staging_, run_, round.plan, report.snapshot_id, finish_options()));
    return report;
  }

  Result<std::vector<CompactGroupReport>> task_reports(const Round& round) const {
    const auto not_done = [&](std::size_t task) {
      return fail(ErrorKind::kNotFound, "task {} of {} is not done on the table as it is now; plan and compact again",
                  task, round.tasks.size());
    };
    std::vector<DoneTask> tasks(round.tasks.size());
    EC_TRY(parallel_for(tasks.size(), stores_.parallel(1), [&](std::size_t task) -> Status {
      EC_ASSIGN_OR_RETURN(auto done, read_done_task(staging_, spec_of(round, task)));
      if (!done) return not_done(task);
      tasks[task] = *std::move(done);
      return {};
    }));
    std::vector<CompactGroupReport> reports;
    std::vector<iceberg::DataFile> files;
    std::vector<std::size_t> task_of_file;
    for (std::size_t task = 0; task < tasks.size(); ++task) {
      reports.push_back(tasks[task].report);
      std::ranges::move(tasks[task].files.added, std::back_inserter(files));
      task_of_file.resize(files.size(), task);
    }
    EC_ASSIGN_OR_RETURN(const auto lost, find_lost(stores_, catalog_->warehouse(), files));
    if (lost) return not_done(task_of_file[*lost]);
    return reports;
  }

  storage::Stores& stores_;
  const HeadSpec& spec_;
  const bool delta_;
  const Staging staging_;
  RunRecord run_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

Result<PlanReport> plan_compaction(storage::Stores& stores, const HeadSpec& spec) {
  return Head(stores, spec, spec.delta).plan_tasks();
}

Result<RegisterReport> register_and_cleanup(storage::Stores& stores, const HeadSpec& spec) {
  return Head(stores, spec, false).commit();
}

Result<RegisterReport> register_delta(storage::Stores& stores, const HeadSpec& spec) {
  return Head(stores, spec, true).commit();
}

Result<CleanupReport> cleanup_phase(storage::Stores& stores, const CleanupSpec& spec) {
  const Staging staging(stores, spec.staging, spec.parts);
  EC_ASSIGN_OR_RETURN(const auto run, read_run_record(staging));
  if (spec.restart) {
    EC_TRY(cleanup_staging(staging, Kept::kNothing));
  } else if (run && !run->committed_snapshot) {
    return fail(ErrorKind::kInvalidArgument, "what is staged in {} is not committed yet; \"restart\": true removes it",
                spec.staging);
  } else if (run) {
    EC_TRY(cleanup_staging(staging, run->pending > 0 ? Kept::kPending : Kept::kPendingLists));
  }
  return CleanupReport{};
}

}  // namespace earthcatalog::backfill
