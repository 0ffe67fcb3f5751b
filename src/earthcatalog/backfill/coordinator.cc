#include "earthcatalog/backfill/coordinator.h"

namespace earthcatalog::backfill {

Result<Decision> Coordinator::decide(const OnSummary& on_summary) {
  const SummaryOptions reading{
      .delta = options_.plan.delta, .memory_bytes = options_.plan.memory_bytes, .hooks = options_.plan.hooks};
  EC_ASSIGN_OR_RETURN(StagedSummary summary, summarize_staged(staging_, run_, reading));
  on_summary(summary);
  Decision decision;
  if (const auto* const snapshot = find_commit(catalog_, summary)) {
    decision.kind = Decision::Kind::kCommitted;
    decision.snapshot = *snapshot;
  } else {
    EC_TRY(check_found(summary, run_, options_.missing));
    if (nothing_to_do(summary, options_.plan)) decision.kind = Decision::Kind::kNothing;
  }
  if (decision.kind != Decision::Kind::kCommit) {
    decision.plan.summary = std::move(summary);
    return decision;
  }
  EC_ASSIGN_OR_RETURN(decision.plan, make_commit_plan(catalog_, staging_, std::move(summary), options_.plan));
  on_summary(decision.plan.summary);
  return decision;
}

Result<std::string> Coordinator::commit(CommitWork& work) {
  for (int round = 1;; ++round) {
    EC_ASSIGN_OR_RETURN(const Decision decision, decide([&](const auto& summary) { work.on_summary(summary); }));
    const auto& summary = decision.plan.summary;
    if (decision.snapshot) {
      work.on_committed_before(*decision.snapshot, summary);
      return finish(summary, decision.snapshot->snapshot_id);
    }
    if (decision.kind == Decision::Kind::kNothing) return finish(summary, {});
    EC_ASSIGN_OR_RETURN(const auto tasks, work.compact(decision.plan));
    const auto committed = commit_staged(catalog_, staging_, run_, decision.plan, tasks);
    if (committed) {
      work.on_commit(decision.plan, *committed);
      return finish(summary, committed->snapshot_id);
    }
    // What was decided on the old state may be wrong on the new one; tasks that it does not concern stay done.
    const bool again = committed.error().kind == ErrorKind::kConflict && options_.plan.delta;
    if (!again || round >= options_.most_rounds) return std::unexpected(committed.error());
    EC_TRY(catalog_.refresh());
  }
}

Result<std::string> Coordinator::finish(const StagedSummary& summary, std::optional<std::int64_t> snapshot_id) {
  if (!catalog_.confirm_lock()) return std::string();  // the staging prefix is another's by now
  return finish_run(catalog_, staging_, run_, summary, snapshot_id, options_.finish);
}

}  // namespace earthcatalog::backfill
