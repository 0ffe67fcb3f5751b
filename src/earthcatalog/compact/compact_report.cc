#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "earthcatalog/compact/compact.h"
#include "earthcatalog/write/partition.h"

namespace earthcatalog::compact {

std::string to_json(const CompactReport& report) {
  nlohmann::ordered_json json;
  json["run_id"] = report.run_id;
  json["warehouse"] = report.warehouse;
  json["dry_run"] = report.dry_run;
  json["interrupted"] = report.interrupted;
  json["buckets_scanned"] = report.buckets_scanned;
  json["buckets_compacted"] = report.buckets_compacted;
  json["files_before"] = report.files_before;
  json["files_after"] = report.files_after;
  json["total_files_before"] = report.total_files_before;
  json["total_files_after"] = report.total_files_after;
  json["rows"] = report.rows;
  json["dropped_rows"] = report.dropped_rows;
  json["bytes"] = report.bytes;
  json["seconds"] = report.seconds;
  json["snapshot_id"] = report.snapshot_id ? nlohmann::ordered_json(*report.snapshot_id) : nlohmann::ordered_json();
  auto& partitions = json["buckets"] = nlohmann::ordered_json::array();
  for (const auto& partition : report.partitions) {
    partitions.push_back({{"grid_partition", partition.cell},
                          {"year", partition.year ? nlohmann::ordered_json(*partition.year) : nlohmann::ordered_json()},
                          {"files_before", partition.files_before},
                          {"files_after", partition.files_after},
                          {"rows", partition.rows},
                          {"dropped_rows", partition.dropped_rows},
                          {"bytes", partition.bytes}});
  }
  return json.dump(2);
}

std::string to_text(const CompactReport& report) {
  std::string text;
  auto out = std::back_inserter(text);
  if (report.dry_run) {
    for (const auto& partition : report.partitions) {
      fmt::format_to(out, "{}/{}: {} files of {} rows to {}", partition.cell, write::year_name(partition.year),
                     partition.files_before, partition.rows + partition.dropped_rows, partition.files_after);
      fmt::format_to(out, "{}\n",
                     partition.dropped_rows > 0 ? fmt::format(", {} doubled", partition.dropped_rows) : "");
    }
    fmt::format_to(out, "dry run: nothing was written\n");
  }
  fmt::format_to(out, "run {}\n  {} of {} buckets merged: {} files to {}, {} rows", report.run_id,
                 report.buckets_compacted, report.buckets_scanned, report.files_before, report.files_after,
                 report.rows);
  if (report.dropped_rows > 0) fmt::format_to(out, ", {} doubled rows dropped", report.dropped_rows);
  fmt::format_to(out, "\n  {:.1f} s, {:.1f} MB written\n", report.seconds, static_cast<double>(report.bytes) / 1e6);
  if (report.snapshot_id) fmt::format_to(out, "  snapshot {}\n", *report.snapshot_id);
  return text;
}

}  // namespace earthcatalog::compact
