#include "earthcatalog/backfill/phases/commit.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_set>

#include "earthcatalog/backfill/phases/cleanup.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/status.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/index/hash_index.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::string_view kPlanSummary = "earthcatalog.backfill-plan";
constexpr std::string_view kSettingsSummary = "earthcatalog.backfill-settings";

std::string hash_of(RunSettings settings) {
  if (!settings.since_text.empty()) settings.since.reset();  // what was said counts
  return to_hex(hash128(to_json_text(settings)));
}

constexpr std::string_view kStillPending = " pending";

std::string settings_mark(const iceberg::Snapshot* snapshot) {
  if (snapshot == nullptr) return {};
  const auto at = snapshot->summary.find(std::string(kSettingsSummary));
  return at == snapshot->summary.end() ? "" : at->second;
}

// Says that a snapshot holds all that these settings stand for, and nothing else, but for what is pending. A retry goes
// on from a snapshot that says so. Never of a listing, which says something else each time.
std::string settings_mark(const catalog::Catalog& catalog, const RunRecord& run, const CommitPlan& plan) {
  const auto hash = hash_of(run.settings);
  const auto* const before = catalog.has_table() ? catalog.table().current_snapshot() : nullptr;
  const bool retry = run.first_attempt > 0 && settings_mark(before) == hash + std::string(kStillPending);
  if (run.settings.is_listing() || (plan.options.delta && !retry)) return {};
  return plan.summary.pending == 0 ? hash : hash + std::string(kStillPending);
}

index::IndexUpdate index_update(const Staging& staging, const CommitPlan& plan) {
  index::IndexUpdate update;
  update.from_nothing = !plan.options.delta;
  update.more_items = plan.more_items;
  update.forgotten = plan.forgotten;
  update.entries = plan.summary.superseded;
  std::ranges::copy(plan.displaced, std::back_inserter(update.entries));
  for (const auto& [spill, run] : plan.summary.runs) {
    if (run.entries == 0) continue;
    update.runs.push_back({.uri = staging.objects(spill), .entries = run.entries, .size_bytes = run.bytes});
  }
  return update;
}

std::vector<Hash128> items_that_lose_rows(const CommitPlan& plan) {
  std::unordered_set<Hash128> items;
  for (const auto& group : plan.summary.groups) items.insert(group.removals.begin(), group.removals.end());
  return {items.begin(), items.end()};
}

Status gather_problems(const Staging& staging, const StagedSummary& summary, const std::string& uri, bool& any) {
  if (uri.empty()) return {};
  std::shared_ptr<arrow::io::OutputStream> out;
  const auto check = [&](const arrow::Status& status) -> Status {
    if (status.ok()) return {};
    return std::unexpected(storage::from_arrow(status).annotate("writing " + uri));
  };
  for (const auto& record : summary.records) {
    if (record.problems.empty()) continue;
    if (!out) {
      EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(uri));
      EC_ASSIGN_OR_RETURN(out, where.store->open_output(where.key));
    }
    EC_ASSIGN_OR_RETURN(const auto lines, staging.read(record.problems));
    if (lines) EC_TRY(check(out->Write(*lines)));
  }
  any = out != nullptr;
  return out ? check(out->Close()) : Status{};
}

// A run that was killed may have left lists that are older than their chunks.
Status publish_all_pending(const Staging& staging, const StagedSummary& summary) {
  std::map<std::int64_t, const ChunkRecord*> last;
  for (const auto& record : summary.records) last[record.chunk] = &record;
  std::vector<const ChunkRecord*> records;
  for (const auto& [chunk, record] : last) records.push_back(record);
  return parallel_for(records.size(), staging.stores().parallel(1),
                      [&](std::size_t i) { return publish_pending(staging, *records[i]); });
}

Status update_hash_index(const catalog::Catalog& catalog, const FinishOptions& options) {
  if (!options.hash_index || !catalog.has_table()) return {};
  std::string uri = options.hash_index_uri;
  if (uri.empty()) {
    const auto property = catalog.table().metadata().property(catalog::kHashIndexPathProperty);
    uri = property ? std::string(*property) : catalog::hash_index_uri(catalog.warehouse());
  }
  EC_ASSIGN_OR_RETURN(const auto where, catalog.table().stores().locate(uri));
  const auto report = index::update_hash_index(catalog.table(), where, {.memory_bytes = options.memory_bytes});
  if (report) return {};
  return std::unexpected(
      Error(report.error())
          .annotate("the rows are committed, but the hash index is not up to date (`index.build()` makes it anew)"));
}

}  // namespace

const iceberg::Snapshot* find_commit(const catalog::Catalog& catalog, const StagedSummary& summary) {
  if (!catalog.has_table()) return nullptr;
  const auto& snapshots = catalog.table().metadata().snapshots;
  const auto found = std::ranges::find_if(snapshots.rbegin(), snapshots.rend(), [&](const auto& snapshot) {
    const auto at = snapshot.summary.find(std::string(kPlanSummary));
    return at != snapshot.summary.end() && at->second == summary.plan_id;
  });
  return found == snapshots.rend() ? nullptr : &*found;
}

bool is_backfill_of(const catalog::Catalog& catalog, const RunSettings& settings) {
  return catalog.has_table() && settings_mark(catalog.table().current_snapshot()) == hash_of(settings);
}

Result<Committed> commit_staged(catalog::Catalog& catalog, const Staging& staging, const RunRecord& run,
                                const CommitPlan& plan, const std::vector<CompactTaskReport>& tasks) {
  Committed committed;
  catalog::CommitRequest request;
  request.removed = plan.removed;
  std::int64_t items = 0;
  std::vector<FileList> lists(tasks.size());
  EC_TRY(parallel_for(tasks.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(lists[i], read_file_list(staging, tasks[i].manifest, *plan.schema));
    return {};
  }));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& task = tasks[i];
    items += task.items;
    committed.rows += task.rows;
    committed.files += task.files;
    committed.bytes += task.bytes;
    committed.replaced_rows += task.removed_rows;
    committed.rewritten_files += task.removed_files;
    std::ranges::move(lists[i].added, std::back_inserter(request.added));
    std::ranges::move(lists[i].removed, std::back_inserter(request.removed));
  }
  if (items != plan.summary.counted_items()) {
    return fail(ErrorKind::kInvalidData, "phase 3 wrote {} items, and {} were staged; please report this", items,
                plan.summary.counted_items());
  }
  EC_ASSIGN_OR_RETURN(request.schema, iceberg_schema(*plan.schema));
  request.exclusive = true;  // who owns an item's rows was decided on this state
  request.objects = index_update(staging, plan);
  request.displaced = items_that_lose_rows(plan);
  request.summary["earthcatalog.inventory"] = run.settings.inventory;
  request.summary["earthcatalog.inventory-identity"] = run.settings.inventory_identity;
  request.summary["earthcatalog.written-items"] = std::to_string(items);
  request.summary["earthcatalog.superseded-items"] = std::to_string(plan.summary.superseded_items());
  request.summary["earthcatalog.missing-items"] = std::to_string(plan.summary.missing);
  request.summary["earthcatalog.rejected-items"] = std::to_string(plan.summary.rejected);
  request.summary[std::string(kBackfillSummary)] = backfill_name(run);
  request.summary[std::string(kPlanSummary)] = plan.summary.plan_id;
  if (auto mark = settings_mark(catalog, run, plan); !mark.empty()) {
    request.summary[std::string(kSettingsSummary)] = std::move(mark);
  }
  EC_ASSIGN_OR_RETURN(const auto outcome, catalog.commit(request));
  if (outcome.snapshot_id) {
    committed.snapshot_id = outcome.snapshot_id;
  } else if (catalog.has_table() && catalog.table().current_snapshot() != nullptr) {
    committed.snapshot_id = catalog.table().current_snapshot()->snapshot_id;
  }
  return committed;
}

Result<std::string> finish_run(const catalog::Catalog& catalog, const Staging& staging, RunRecord run,
                               const StagedSummary& summary, std::optional<std::int64_t> snapshot_id,
                               const FinishOptions& options) {
  bool any_problems = false;
  EC_TRY(gather_problems(staging, summary, options.problems, any_problems));
  EC_TRY(publish_all_pending(staging, summary));
  run.committed_snapshot = snapshot_id.value_or(0);
  if (catalog.has_table()) run.committed_table = catalog.table().metadata().table_uuid;
  run.pending = summary.pending;
  run.next_attempt = run.first_attempt + 1;
  for (const auto& record : summary.records) run.next_attempt = std::max(run.next_attempt, record.attempt + 1);
  EC_TRY(staging.write(staging.run_record(), to_json_text(run)));
  EC_TRY(finish_committed(catalog, staging, run, options));
  return any_problems ? options.problems : std::string();
}

Status check_table(const catalog::Catalog& catalog, const RunRecord& run) {
  if (run.committed_table.empty()) return {};
  std::string present = "no table";
  if (catalog.has_table()) {
    const auto& metadata = catalog.table().metadata();
    const bool reconstructed = std::ranges::any_of(metadata.snapshots, [](const iceberg::Snapshot& snapshot) {
      return snapshot.summary.contains("earthcatalog.reconstructed");
    });
    if (metadata.table_uuid == run.committed_table || reconstructed) return {};
    present = "table " + metadata.table_uuid;
  }
  return fail(ErrorKind::kNotFound,
              "its backfill is committed in table {}, and the catalog has {}. Name the catalog that has it, or make it "
              "anew of its files with `register(from_warehouse)`; `restart` stages everything anew",
              run.committed_table, present);
}

Status finish_committed(const catalog::Catalog& catalog, const Staging& staging, const RunRecord& run,
                        const FinishOptions& options) {
  EC_TRY(update_hash_index(catalog, options));
  if (options.keep_staging) return {};
  EC_TRY(cleanup_staging(staging, run.pending > 0 ? Kept::kPending : Kept::kPendingLists, {}));
  return {};
}

}  // namespace earthcatalog::backfill
