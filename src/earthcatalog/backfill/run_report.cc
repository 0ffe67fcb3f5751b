#include "earthcatalog/backfill/run_report.h"

#include <fmt/format.h>

#include <charconv>

namespace earthcatalog::backfill {
namespace {

// What a commit of ours says of itself; 0 when it does not.
std::int64_t number_of(const iceberg::Snapshot& snapshot, std::string_view name) {
  std::int64_t number = 0;
  const auto at = snapshot.summary.find(fmt::format("earthcatalog.{}", name));
  if (at != snapshot.summary.end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), number);
  return number;
}

}  // namespace

void add_chunk(const ChunkRecord& record, ingest::Report& report) {
  if (record.attempt > 0) return;
  report.missing += record.missing;
  report.pending += record.pending;
  report.rejected += record.rejected;
}

void count_staged(const RunRecord& run, const StagedSummary& summary, ingest::Report& report) {
  if (run.first_attempt == 0) {
    report.inventory_rows = run.inventory_rows;
    report.skipped_suffix = run.skipped_suffix;
    report.skipped_since = run.skipped_since;
    report.skipped_versions = run.skipped_versions;
    report.inventory_dates_unparseable = run.inventory_dates_unparseable;
  }
  report.chunks = report.chunks_staged = run.chunks;
  report.source_items = summary.source_items;
  report.written_items = summary.counted_items();
  report.superseded = summary.superseded_items();
  report.undated = summary.items.undated;
  report.unlocated = summary.items.unlocated;
  report.fan_out_distribution = summary.items.fan_out;
  report.missing = summary.missing;
  report.first_missing = summary.first_missing;
  report.pending = summary.pending;
  report.rejected = summary.rejected;
  report.bytes_fetched = report.item_dates_unparseable = 0;
  for (const auto& record : summary.records) {
    report.bytes_fetched += record.bytes_fetched;
    report.item_dates_unparseable += record.item_dates_unparseable;
  }
  report.cells.clear();
  report.years.clear();
  for (const auto& group : summary.groups) {
    if (group.files.empty()) continue;
    report.cells.insert(group.partition.cell);
    if (group.partition.year) report.years.insert(*group.partition.year);
  }
}

void count_commit(const Committed& committed, ingest::Report& report) {
  report.snapshot_id = committed.snapshot_id;
  report.rows = committed.rows;
  report.files = committed.files;
  report.bytes = committed.bytes;
  report.replaced_rows = committed.replaced_rows;
  report.rewritten_files = committed.rewritten_files;
  report.commits = 1;
}

void count_earlier_commit(const iceberg::Snapshot& snapshot, const StagedSummary& summary, ingest::Report& report) {
  report.already_committed = true;
  report.snapshot_id = snapshot.snapshot_id;
  if (!snapshot.summary.contains("earthcatalog.written-items")) return;
  report.written_items = number_of(snapshot, "written-items");
  report.superseded = summary.staged_items + summary.repeated + summary.superseded_before - report.written_items;
}

void count_repeated(const iceberg::Snapshot& snapshot, ingest::Report& report) {
  report.already_committed = true;
  report.snapshot_id = snapshot.snapshot_id;
  report.unchanged = number_of(snapshot, "written-items") + number_of(snapshot, "superseded-items");
  report.missing = number_of(snapshot, "missing-items");
  report.rejected = number_of(snapshot, "rejected-items");
  report.source_items = report.unchanged + report.missing + report.rejected;
}

void take_back(ingest::Report& report) {
  report.written_items = report.superseded = 0;
  report.rows = report.files = 0;
  report.not_done = report.imbalance();
}

}  // namespace earthcatalog::backfill
