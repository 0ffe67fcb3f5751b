#include "earthcatalog/backfill/status.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/unfinished_run.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kMarkersAtATime = 16;

// Nothing when there is no catalog or no table yet.
Result<std::optional<read::TableReader>> open_table(storage::Stores& stores, const read::TablePlace& place) {
  auto opened = read::TableReader::open(stores, place);
  if (opened) return *std::move(opened);
  if (opened.error().kind == ErrorKind::kNotFound) return std::nullopt;
  return std::unexpected(std::move(opened).error());
}

// Where the backfill stages; nothing when the warehouse names none.
Result<std::optional<Staging>> find_staging(storage::Stores& stores, const StatusSpec& spec,
                                            const std::optional<read::TableReader>& table) {
  if (!spec.staging.empty()) return Staging(stores, spec.staging);
  if (!table && spec.table.warehouse.empty()) {
    return fail(ErrorKind::kNotFound, "{} has no table that names a warehouse; say `warehouse`, or `staging`",
                spec.table.catalog);
  }
  std::string warehouse = table ? table->place().warehouse : std::string();
  if (warehouse.empty()) {
    EC_ASSIGN_OR_RETURN(warehouse, storage::normalize_uri(spec.table.warehouse));
  }
  EC_ASSIGN_OR_RETURN(const auto run_id, catalog::read_unfinished_run(stores, warehouse));
  if (!run_id) return std::nullopt;
  return Staging(stores, catalog::run_folder(warehouse, *run_id), catalog::parts_folder(warehouse, *run_id));
}

const iceberg::Snapshot* find_snapshot(const std::optional<read::TableReader>& table,
                                       const std::function<bool(const iceberg::Properties&)>& is_it) {
  if (!table) return nullptr;
  const iceberg::Snapshot* found = nullptr;
  for (const auto& snapshot : table->table().metadata().snapshots) {
    const bool later = found == nullptr || snapshot.sequence_number > found->sequence_number;
    if (later && is_it(snapshot.summary)) found = &snapshot;
  }
  return found;
}

void note_commit(const iceberg::Snapshot* snapshot, BackfillStatus& status) {
  if (snapshot == nullptr) return;
  status.snapshot_id = snapshot->snapshot_id;
  status.committed = snapshot->timestamp_ms * 1000;
}

// All attempts of a chunk that count; the last one says what is pending.
Result<std::vector<ChunkRecord>> attempts_of(const Staging& staging, const RunRecord& run, std::int64_t chunk) {
  std::vector<ChunkRecord> records;
  for (Attempt at{chunk, run.first_attempt};; ++at.number) {
    EC_ASSIGN_OR_RETURN(auto record, read_chunk_record(staging, at, run.started));
    if (!record) return records;
    record->files.clear();
    records.push_back(*std::move(record));
  }
}

Status count_chunks(const Staging& staging, const RunRecord& run, BackfillStatus& status) {
  std::vector<std::vector<ChunkRecord>> chunks(static_cast<std::size_t>(run.chunks));
  EC_TRY(parallel_for(chunks.size(), kMarkersAtATime, [&](std::size_t chunk) -> Status {
    EC_ASSIGN_OR_RETURN(chunks[chunk], attempts_of(staging, run, static_cast<std::int64_t>(chunk)));
    return {};
  }));
  for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
    const auto& attempts = chunks[chunk];
    if (attempts.empty() && run.first_attempt > 0) {  // a retry leaves out chunks of which nothing was pending
      EC_ASSIGN_OR_RETURN(const bool pending, staging.exists(staging.pending(static_cast<std::int64_t>(chunk))));
      if (!pending) ++status.chunks_staged;
    }
    if (attempts.empty()) continue;
    ++status.chunks_staged;
    status.pending += attempts.back().pending;
    for (const auto& record : attempts) {
      status.staged_items += record.staged_items;
      status.staged_rows += record.rows;
      status.missing += record.missing;
      status.rejected += record.rejected;
    }
  }
  return {};
}

// Only a plan could say how many there are to be.
Result<std::int64_t> count_tasks(const Staging& staging) {
  EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(storage::join_uri(staging.root(), "compacted/")));
  std::int64_t tasks = 0;
  EC_TRY(where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
    tasks += info.key.ends_with(".done") ? 1 : 0;
    return {};
  }));
  return tasks;
}

Status describe(const Staging& staging, const RunRecord& run, const std::optional<read::TableReader>& table,
                BackfillStatus& status) {
  status.inventory = run.settings.inventory;
  status.started = run.started;
  status.chunks = run.chunks;
  status.source_items = run.items;
  status.retry = run.first_attempt > 0;
  // Of a run that was killed between its commit and its record, the table alone knows.
  note_commit(find_snapshot(table,
                            [&](const auto& summary) {
                              const auto at = summary.find(kBackfillSummary);
                              return at != summary.end() && at->second == backfill_name(run);
                            }),
              status);
  if (run.committed_snapshot) {
    status.phase = Phase::kCommitted;
    status.pending = run.pending;
    status.chunks_staged = run.chunks;
    if (*run.committed_snapshot != 0) status.snapshot_id = run.committed_snapshot;
    return {};
  }
  EC_TRY(count_chunks(staging, run, status));
  if (status.snapshot_id) {
    status.phase = Phase::kCommitted;
  } else if (!run.complete) {
    status.phase = Phase::kInventory;
  } else {
    status.phase = status.chunks_staged < status.chunks ? Phase::kIngest : Phase::kCommit;
  }
  if (status.phase == Phase::kCommit) {
    EC_ASSIGN_OR_RETURN(status.tasks_done, count_tasks(staging));
  }
  return {};
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::kInventory:
      return "inventory";
    case Phase::kIngest:
      return "ingest";
    case Phase::kCommit:
      return "commit";
    case Phase::kCommitted:
      return "committed";
    default:
      return "none";
  }
}

std::string next_of(const BackfillStatus& status) {
  if (status.lock) return "wait: a run holds the lock of the table";
  switch (status.phase) {
    case Phase::kNone:
      return status.snapshot_id ? "nothing: the last backfill is committed" : "a backfill: nothing is staged";
    case Phase::kCommitted:
      if (status.pending > 0) return "the same backfill with `retry_pending`";
      return "the same backfill once more, to clean up what is staged";
    default:
      return "the same backfill: it goes on where it stopped";
  }
}

}  // namespace

std::string backfill_name(const RunRecord& run) {
  return fmt::format("{}/{}", format_time(run.started), run.first_attempt);
}

Result<BackfillStatus> read_status(storage::Stores& stores, const StatusSpec& spec) {
  EC_ASSIGN_OR_RETURN(const auto table, open_table(stores, spec.table));
  EC_ASSIGN_OR_RETURN(const auto staging, find_staging(stores, spec, table));
  BackfillStatus status;
  const auto lock = catalog::show_lock(stores, {.catalog = spec.table.catalog, .lock_uri = {}});
  // Before the first commit there is no catalog file: a backfill that was stopped then has left neither it nor a lock.
  if (!lock && lock.error().kind != ErrorKind::kNotFound) return std::unexpected(lock.error());
  if (lock) status.lock = *lock;
  std::optional<RunRecord> run;
  if (staging) {
    status.staging = staging->root();
    EC_ASSIGN_OR_RETURN(run, read_run_record(*staging));
  }
  if (run) {
    EC_TRY(describe(*staging, *run, table, status));
  } else {
    note_commit(find_snapshot(table, [](const auto& summary) { return summary.contains(kBackfillSummary); }), status);
  }
  status.next = next_of(status);
  return status;
}

std::string to_json(const BackfillStatus& status) {
  using Json = nlohmann::ordered_json;
  const auto time = [](const std::optional<TimeMicros>& at) { return at ? Json(format_time(*at)) : Json(); };
  Json json;
  json["staging"] = status.staging.empty() ? Json() : Json(status.staging);
  json["phase"] = name_of(status.phase);
  json["retry"] = status.retry;
  json["backfill_inventory"] = status.inventory.empty() ? Json() : Json(status.inventory);
  json["since"] = time(status.started);
  json["chunks"] = status.chunks;
  json["chunks_staged"] = status.chunks_staged;
  json["source_items"] = status.source_items;
  json["staged_items"] = status.staged_items;
  json["staged_rows"] = status.staged_rows;
  json["missing"] = status.missing;
  json["rejected"] = status.rejected;
  json["pending"] = status.pending;
  json["tasks_done"] = status.tasks_done;
  json["snapshot_id"] = status.snapshot_id ? Json(*status.snapshot_id) : Json();
  json["committed"] = time(status.committed);
  json["lock"] = status.lock ? Json::parse(status.lock->to_json()) : Json();
  json["next"] = status.next;
  return json.dump(2);
}

std::string to_text(const BackfillStatus& status) {
  std::string text;
  if (status.phase == Phase::kNone) {
    text = status.staging.empty() ? "no backfill is under way\n"
                                  : fmt::format("nothing is staged in {}\n", status.staging);
  } else {
    text = fmt::format("backfill of {}\n  begun       {}\n  staged in   {}\n", status.inventory,
                       format_time(*status.started), status.staging);
    text += fmt::format("  phase       {}{}\n  chunks      {} of {} staged\n", name_of(status.phase),
                        status.retry ? ", a retry of pending objects" : "", status.chunks_staged, status.chunks);
    text += fmt::format("  items       {} of {} staged, {} missing, {} rejected, {} pending\n", status.staged_items,
                        status.source_items, status.missing, status.rejected, status.pending);
    if (status.phase == Phase::kCommit) text += fmt::format("  compaction  {} tasks done\n", status.tasks_done);
  }
  if (status.snapshot_id) {
    text += fmt::format("{} committed as snapshot {}{}\n",
                        status.phase == Phase::kNone ? "the last backfill is" : "  already", *status.snapshot_id,
                        status.committed ? " at " + format_time(*status.committed) : "");
  } else {
    text += status.phase == Phase::kNone ? "the table has no commit of a backfill\n" : "  not committed\n";
  }
  if (status.lock) {
    text += fmt::format("running now: {} (pid {} on {}) since {}\n", status.lock->owner, status.lock->pid,
                        status.lock->hostname, format_time(status.lock->acquired));
  }
  return text + fmt::format("next: {}\n", status.next);
}

}  // namespace earthcatalog::backfill
