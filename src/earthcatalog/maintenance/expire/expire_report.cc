#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/maintenance/expire/expire.h"

namespace earthcatalog::maintenance {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const FileCount& count) { return {{"files", count.files}, {"bytes", count.bytes}}; }

Json to_json(const PlaceCounts& counts) {
  return {{"listed", to_json(counts.listed)},       {"live", to_json(counts.live)},
          {"too_young", to_json(counts.too_young)}, {"left", to_json(counts.left)},
          {"removed", to_json(counts.removed)},     {"not_removed", to_json(counts.not_removed)}};
}

std::string line(std::string_view name, const PlaceCounts& counts) {
  return fmt::format("  {:<10}{:>12}{:>12}{:>12}{:>12}{:>12}{:>16}\n", name, counts.listed.files, counts.live.files,
                     counts.too_young.files, counts.left.files, counts.removed.files, counts.removed.bytes);
}

}  // namespace

PlaceCounts ExpireReport::total() const {
  PlaceCounts sum;
  for (const auto& place : places) sum.add(place);
  return sum;
}

std::string to_json(const ExpireReport& report) {
  Json json;
  json["run_id"] = report.run_id;
  json["warehouse"] = report.warehouse;
  json["dry_run"] = report.dry_run;
  json["cutoff"] = format_time(report.cutoff);
  json["snapshots"] = {{"before", report.snapshots_before()},
                       {"removed", report.snapshots_removed.size()},
                       {"kept", report.snapshots_kept}};
  json["removed_snapshots"] = Json::array();
  for (const auto& snapshot : report.snapshots_removed) {
    json["removed_snapshots"].push_back({{"snapshot_id", snapshot.snapshot_id},
                                         {"time", format_time(snapshot.time)},
                                         {"operation", snapshot.operation}});
  }
  json["files"] = to_json(report.total());
  json["places"] = Json::object();
  for (const auto& place : report.places) json["places"][place.place] = to_json(place);
  json["seconds"] = report.seconds;
  return json.dump(2);
}

std::string to_text(const ExpireReport& report) {
  std::string text = fmt::format("expired up to {}{}\n", format_time(report.cutoff),
                                 report.dry_run ? " (dry run: nothing was changed)" : "");
  text += fmt::format("  snapshots   {} before, {} removed, {} kept\n", report.snapshots_before(),
                      report.snapshots_removed.size(), report.snapshots_kept);
  text += fmt::format("  {:<10}{:>12}{:>12}{:>12}{:>12}{:>12}{:>16}\n", "files", "listed", "live", "too young", "left",
                      "removed", "bytes removed");
  for (const auto& place : report.places) text += line(place.place, place);
  const PlaceCounts total = report.total();
  text += line("all", total);
  if (total.not_removed.files > 0) {
    text += fmt::format("  {} files ({} bytes) are still to be removed: run again\n", total.not_removed.files,
                        total.not_removed.bytes);
  }
  return text;
}

}  // namespace earthcatalog::maintenance
