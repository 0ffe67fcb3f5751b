#include "earthcatalog/backfill/local_start.h"

#include <utility>

#include "earthcatalog/backfill/phases/cleanup.h"
#include "earthcatalog/backfill/phases/commit_plan.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/run_report.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::backfill {

// What is to be done now; nothing when a commit has done it all.
Result<std::optional<RunRecord>> LocalStart::start(const std::optional<RunRecord>& before,
                                                   ingest::Report& report) const {
  if (!before && !spec_.replace && !spec_.delta) {  // known before anything is fetched or removed
    EC_ASSIGN_OR_RETURN(const auto files, present_files(catalog_));
    if (!files.empty()) {
      EC_TRY(repeat(files.size(), report));
      return std::nullopt;
    }
  }
  if (spec_.restart) EC_TRY(cleanup_staging(staging_, Kept::kNothing, how_.hooks));
  if (before && before->committed_snapshot) return after_commit(*before, report);
  if (before && before->first_attempt > 0) {  // a retry after a commit, stopped on its way
    EC_TRY(check_belongs(*before));
    return before;
  }
  return chunks(before);
}

// The table has rows and nothing is staged. When they are those of a backfill with these settings, this run repeats a
// finished one, or one that was killed at its very end: what that one left undone is done.
Status LocalStart::repeat(std::size_t files, ingest::Report& report) const {
  if (spec_.restart || (spec_.skip_inventory && !spec_.retry_pending)) return std::unexpected(table_has_rows(files));
  RunSettings now = settings();
  if (spec_.skip_inventory) {  // a retry needs none
    const auto& summary = catalog_.table().current_snapshot()->summary;
    const auto at = summary.find("earthcatalog.inventory-identity");
    if (at != summary.end()) now.inventory_identity = at->second;
  } else {
    EC_ASSIGN_OR_RETURN(const auto inventory,
                        inventory::open_inventory(stores_, now.inventory, now.inventory_options()));
    now.inventory_identity = inventory->identity();
  }
  if (!is_backfill_of(catalog_, now)) return std::unexpected(table_has_rows(files));
  count_repeated(*catalog_.table().current_snapshot(), report);
  return finish_committed(catalog_, staging_, {}, how_.finish);
}

Result<std::optional<RunRecord>> LocalStart::after_commit(RunRecord record, ingest::Report& report) const {
  EC_TRY(check_belongs(record));
  EC_TRY(annotate(check_table(catalog_, record), staging_.root()));
  EC_TRY(finish_committed(catalog_, staging_, record, how_.finish));
  if (record.pending == 0 || !spec_.retry_pending) {
    if (*record.committed_snapshot != 0) report.snapshot_id = record.committed_snapshot;
    report.already_committed = true;
    report.chunks = report.chunks_staged = record.chunks;
    report.source_items = report.pending = record.pending;
    return std::nullopt;
  }
  record.committed_snapshot.reset();
  record.first_attempt = record.next_attempt;
  EC_TRY(staging_.write(staging_.run_record(), to_json_text(record)));
  return record;
}

RunSettings LocalStart::settings() const {
  RunSettings settings = spec_.settings;
  settings.set_grid(catalog_.grid());
  if (settings.limit == 0) settings.limit.reset();
  return settings;
}

// What was committed cannot grow by a larger limit.
Status LocalStart::check_belongs(const RunRecord& record) const {
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
Status LocalStart::check_staged(const RunRecord& record) const {
  const RunSettings asked = settings();
  RunSettings now = record.settings;
  now.set_grid(asked.grid());
  if (asked.source_root != RunSettings().source_root) now.source_root = asked.source_root;
  return annotate(check_same(record.settings, now), staging_.root());
}

Result<RunRecord> LocalStart::chunks(const std::optional<RunRecord>& before) const {
  if (!spec_.skip_inventory) {
    const WriteChunksSpec spec{
        .staging = staging_.root(), .settings = settings(), .write_concurrency = how_.chunks_at_once};
    return write_chunks_after(stores_, spec, before, how_.hooks);
  }
  if (!before || !before->complete) {
    return fail(ErrorKind::kInvalidArgument, "`skip_inventory`: {} holds no finished chunks", staging_.root());
  }
  EC_TRY(check_staged(*before));
  return *before;
}

}  // namespace earthcatalog::backfill
