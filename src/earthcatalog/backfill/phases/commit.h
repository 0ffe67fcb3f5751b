// Phase 4: one commit with exactly the files of a plan, and what follows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/backfill/phases/commit_plan.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// The snapshot that an earlier run made of this summary, before it was killed; null when there is none.
const iceberg::Snapshot* find_commit(const catalog::Catalog& catalog, const StagedSummary& summary);

/// Whether the table's current snapshot is that of a full backfill with these settings, or of a retry of what one left
/// pending, and nothing is pending.
/// Never of a listing: that is another one each time.
bool is_backfill_of(const catalog::Catalog& catalog, const RunSettings& settings);

struct Committed {
  std::optional<std::int64_t> snapshot_id;  ///< the table's current one when no file came or went
  std::int64_t rows = 0, files = 0, bytes = 0;
  std::int64_t replaced_rows = 0, rewritten_files = 0;
};

/// Makes the files of the plan's tasks, which have these reports, visible, with the object index. kConflict when
/// another writer has committed since the plan was planned: then nothing has changed.
Result<Committed> commit_staged(catalog::Catalog& catalog, const Staging& staging, const RunRecord& run,
                                const CommitPlan& plan, const std::vector<CompactTaskReport>& tasks);

struct FinishOptions {
  std::string problems;        ///< URI of the problems file; empty: none is made
  bool hash_index = false;     ///< bring the hash index up to date with the table
  std::string hash_index_uri;  ///< empty: the table's property
  bool keep_staging = false;
  std::int64_t memory_bytes = kDefaultMemoryBytes;  ///< for the hash index
};

/// After the commit: the problems of all chunks into one file, the lists of pending objects, the record, the hash
/// index, the clean-up. May be killed and done again. Returns the URI of the problems file; empty when there were none.
Result<std::string> finish_run(const catalog::Catalog& catalog, const Staging& staging, RunRecord run,
                               const StagedSummary& summary, std::optional<std::int64_t> snapshot_id,
                               const FinishOptions& options);

/// kNotFound when `catalog` no longer has the table that the commit of `run` went to, nor one made anew of its files.
Status check_table(const catalog::Catalog& catalog, const RunRecord& run);

/// What of finish_run() an earlier run may have left undone once the record says `committed_snapshot`.
Status finish_committed(const catalog::Catalog& catalog, const Staging& staging, const RunRecord& run,
                        const FinishOptions& options);

}  // namespace earthcatalog::backfill
