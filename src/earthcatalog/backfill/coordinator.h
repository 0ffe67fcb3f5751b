// From what all chunks staged to the commit and the clean-up, on a catalog that is open: the one way of a backfill in
// one process and of a cluster's head.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/backfill/phases/commit.h"
#include "earthcatalog/backfill/phases/commit_plan.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/missing_rule.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct CoordinatorOptions {
  CommitPlanOptions plan;
  FinishOptions finish;
  ingest::MissingRule missing;  ///< when missing objects fail the backfill: nothing is committed then
  int most_rounds = 1;          ///< plans of a delta, one after the other, when other writers commit first
};

/// What is staged, seen against the table.
struct Decision {
  enum class Kind : std::uint8_t { kCommit, kCommitted, kNothing } kind = Kind::kCommit;
  CommitPlan plan;                            ///< but for kCommit nothing but its summary
  std::optional<iceberg::Snapshot> snapshot;  ///< kCommitted: an earlier run made it of this summary
};

/// What differs between one process and a cluster. The calls come in the order of the members.
class CommitWork {
 public:
  virtual ~CommitWork() = default;
  /// Before what is staged is judged, and again when the table has had its say.
  virtual void on_summary(const StagedSummary& summary) = 0;
  virtual void on_committed_before(const iceberg::Snapshot& snapshot, const StagedSummary& summary) = 0;
  /// The reports of the plan's tasks, which are done when it returns.
  virtual Result<std::vector<CompactTaskReport>> compact(const CommitPlan& plan) = 0;
  virtual void on_commit(const CommitPlan& plan, const Committed& committed) = 0;
};

/// Not thread-safe. What it is given must outlive it.
class Coordinator {
 public:
  Coordinator(catalog::Catalog& catalog, const Staging& staging, RunRecord run, CoordinatorOptions options)
      : catalog_(catalog), staging_(staging), run_(std::move(run)), options_(std::move(options)) {}

  using OnSummary = std::function<void(const StagedSummary&)>;
  /// kNotFound when a chunk is not ingested or too much of it is missing; kAlreadyExists when the table has rows and
  /// neither `delta` nor `replace` is given.
  Result<Decision> decide(const OnSummary& on_summary);

  /// Decides, has the tasks done, commits, finishes: the URI of the problems file, empty when there is none. kConflict
  /// when another writer came first; a delta decides again, up to `most_rounds` times.
  Result<std::string> commit(CommitWork& work);

 private:
  Result<std::string> finish(const StagedSummary& summary, std::optional<std::int64_t> snapshot_id);

  catalog::Catalog& catalog_;
  const Staging& staging_;
  const RunRecord run_;
  const CoordinatorOptions options_;
};

}  // namespace earthcatalog::backfill
