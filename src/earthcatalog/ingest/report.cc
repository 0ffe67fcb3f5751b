#include "earthcatalog/ingest/report.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace earthcatalog::ingest {

MissingCounts missing_counts(const Report& report) {
  return {.asked = report.source_items,
          .missing = report.missing,
          .pending = report.pending,
          .first = report.first_missing};
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json json;
  json["run_id"] = report.run_id;
  json["warehouse"] = report.warehouse;
  json["dry_run"] = report.dry_run;
  json["interrupted"] = report.interrupted;
  json["source_items"] = report.source_items;
  json["written_items"] = report.written_items;
  json["unchanged"] = report.unchanged;
  json["superseded"] = report.superseded;
  json["missing"] = report.missing;
  json["first_missing"] = report.first_missing;
  json["pending"] = report.pending;
  json["rejected"] = report.rejected;
  json["not_done"] = report.not_done;
  json["rows"] = report.rows;
  json["files"] = report.files;
  json["bytes"] = report.bytes;
  json["replaced_rows"] = report.replaced_rows;
  json["rewritten_files"] = report.rewritten_files;
  json["commits"] = report.commits;
  json["inventory_rows"] = report.inventory_rows;
  json["skipped_suffix"] = report.skipped_suffix;
  json["skipped_since"] = report.skipped_since;
  json["skipped_versions"] = report.skipped_versions;
  json["inventory_dates_unparseable"] = report.inventory_dates_unparseable;
  json["item_dates_unparseable"] = report.item_dates_unparseable;
  json["undated"] = report.undated;
  json["unlocated"] = report.unlocated;
  json["unique_cells"] = report.cells.size();
  json["unique_years"] = report.years.size();
  json["avg_fan_out"] = report.avg_fan_out();
  auto& fan_out = json["fan_out_distribution"] = nlohmann::ordered_json::object();
  for (const auto& [cells, items] : report.fan_out_distribution) fan_out[std::to_string(cells)] = items;
  json["bytes_fetched"] = report.bytes_fetched;
  json["seconds"] = report.seconds;
  json["items_per_second"] = report.items_per_second();
  json["peak_rss_bytes"] = report.peak_rss_bytes;
  json["snapshot_id"] = report.snapshot_id ? nlohmann::ordered_json(*report.snapshot_id) : nlohmann::ordered_json();
  json["problems"] = report.problems;
  json["warnings"] = report.warnings;
  if (report.chunks) json["chunks"] = *report.chunks;
  if (report.chunks_staged) json["chunks_staged"] = *report.chunks_staged;
  if (report.chunks || report.already_committed) json["already_committed"] = report.already_committed;
  return json.dump(2);
}

std::string to_text(const Report& report) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}run {}\n", report.dry_run ? "dry run: nothing was written\n" : "", report.run_id);
  fmt::format_to(out, "  source items {:>14}   of {} inventory rows", report.source_items, report.inventory_rows);
  if (report.skipped_suffix + report.skipped_since + report.skipped_versions > 0) {
    fmt::format_to(out, " (passed over: {} by suffix, {} by date, {} old versions)", report.skipped_suffix,
                   report.skipped_since, report.skipped_versions);
  }
  fmt::format_to(out, "\n");
  const auto line = [&](const char* name, std::int64_t count, const char* note) {
    if (count > 0) fmt::format_to(out, "  = {:<11}{:>14}{}\n", name, count, note);
  };
  fmt::format_to(out, "  = written    {:>14}   {} rows, {} files, {:.3f} cells an item, {} cells, {} years\n",
                 report.written_items, report.rows, report.files, report.avg_fan_out(), report.cells.size(),
                 report.years.size());
  line("unchanged", report.unchanged, "   recorded already: not fetched");
  line("superseded", report.superseded, "   the table or this run has a newer version");
  line("missing", report.missing, "   in the inventory, not in the bucket (404)");
  if (!report.first_missing.empty()) fmt::format_to(out, "    the first: {}\n", report.first_missing);
  line("pending", report.pending, "   gave up for now: run again with the problems file as the inventory");
  line("rejected", report.rejected, "   no STAC Item: see the problems file");
  line("not done", report.not_done, "   the run ended before: run again");
  if (report.replaced_rows > 0) {
    fmt::format_to(out, "  replaced {} rows in {} files\n", report.replaced_rows, report.rewritten_files);
  }
  if (report.undated + report.unlocated > 0) {
    fmt::format_to(out, "  of the written, {} have no usable datetime (year=unknown), {} no cell (__none__)\n",
                   report.undated, report.unlocated);
  }
  fmt::format_to(out, "  {:.1f} s, {:.0f} items/s, {:.1f} MB fetched, peak memory {:.0f} MiB\n", report.seconds,
                 report.items_per_second(), static_cast<double>(report.bytes_fetched) / 1e6,
                 static_cast<double>(report.peak_rss_bytes) / (1 << 20));
  if (report.dry_run) {
    fmt::format_to(out, "  a run would write {} rows in about {} files and {:.1f} MB: an estimate\n", report.rows,
                   report.files, static_cast<double>(report.bytes) / 1e6);
  }
  if (report.chunks && report.chunks_staged && *report.chunks_staged < *report.chunks) {
    fmt::format_to(out, "  {} of {} chunks are staged, nothing of them is committed\n", *report.chunks_staged,
                   *report.chunks);
  } else if (report.chunks && report.interrupted && !report.already_committed) {
    fmt::format_to(out, "  all of {} chunks are staged, nothing of them is committed\n", *report.chunks);
  }
  if (report.already_committed && report.snapshot_id) {
    fmt::format_to(out, "  already committed as snapshot {} by an earlier run\n", *report.snapshot_id);
  } else if (report.already_committed) {
    fmt::format_to(out, "  already done by an earlier run, which had nothing to commit\n");
  } else if (report.snapshot_id) {
    fmt::format_to(out, "  snapshot {} ({} {})\n", *report.snapshot_id, report.commits,
                   report.commits == 1 ? "commit" : "commits");
  }
  if (!report.problems.empty()) fmt::format_to(out, "  problems {}\n", report.problems);
  return text;
}

// Not ru_maxrss: a process that was forked by a large one begins with the other's.
}  // namespace earthcatalog::ingest
