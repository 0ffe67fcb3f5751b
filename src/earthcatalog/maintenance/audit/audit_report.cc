#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/maintenance/audit/audit.h"

namespace earthcatalog::maintenance {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t count_of(const AuditReport& report, Finding finding) {
  for (const auto& kind : report.findings) {
    if (kind.finding == finding) return kind.count;
  }
  return 0;
}

Json to_json(const AuditedObjects& objects) {
  return {
      {"objects", objects.objects},       {"duplicates", objects.duplicates}, {"held", objects.held},
      {"superseded", objects.superseded}, {"by_name", objects.by_name},       {"pending", objects.pending},
      {"not_found", objects.not_found},   {"rejected", objects.rejected},     {"before_since", objects.before_since},
      {"stale", objects.stale},           {"missing", objects.missing}};
}

Json findings_json(const AuditReport& report) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < kFindings; ++i) {
    const auto finding = static_cast<Finding>(i);
    counts[std::string(to_string(finding))] = count_of(report, finding);
  }
  return counts;
}

std::string line(std::string_view name, std::int64_t count, std::string_view note = {}) {
  return fmt::format("  {:<18}{:>12}{}{}\n", name, count, note.empty() ? "" : "   ", note);
}

std::string line_if(std::string_view name, std::int64_t count, std::string_view note = {}) {
  return count > 0 ? line(name, count, note) : std::string();
}

std::string objects_text(const AuditedObjects& objects) {
  std::string text = line("objects", objects.objects, "of the inventory");
  text += line("= held", objects.held, "recorded in this version");
  text += line_if("+ superseded", objects.superseded, "an item that a newer object holds");
  text += line_if("+ by name", objects.by_name,
                  "not recorded; an item has the file's name as its id, its version is not known");
  text += line_if("+ pending", objects.pending, "not fetched yet, say the problems files");
  text += line_if("+ not found", objects.not_found, "404, say the problems files");
  text += line_if("+ rejected", objects.rejected, "no items, say the problems files");
  text += line_if("+ before since", objects.before_since, "older, and not recorded");
  text += line_if("+ stale", objects.stale);
  text += line_if("+ missing", objects.missing);
  return text;
}

}  // namespace

std::string to_json(const AuditReport& report) {
  Json json;
  json["good"] = report.good();
  json["inventory"] = report.inventory;
  json["catalog"] = report.catalog;
  json["warehouse"] = report.warehouse;
  json["snapshot_id"] = report.snapshot_id ? Json(*report.snapshot_id) : Json();
  json["inventory_objects"] = to_json(report.objects);
  json["object_index"] = {{"current", report.index.current},
                          {"entries", report.index.entries},
                          {"extra", report.index.extra},
                          {"elsewhere", report.index.elsewhere},
                          {"other_suffix", report.index.other_suffix},
                          {"nameless", report.index.nameless}};
  json["table"] = {{"files", report.rows.files},
                   {"bytes", report.rows.bytes},
                   {"rows", report.rows.rows},
                   {"items", report.rows.items},
                   {"held", report.rows.held},
                   {"by_name", report.rows.by_name},
                   {"without_primary", report.rows.without_primary}};
  json["findings"] = findings_json(report);
  json["out"] = report.out;
  json["seconds"] = report.seconds;
  json["peak_rss_bytes"] = report.peak_rss_bytes;
  return json.dump(2);
}

std::string to_text(const AuditReport& report) {
  std::string text = fmt::format("audit of {} against {}\n", report.catalog, report.inventory);
  text += objects_text(report.objects);
  text += line("rows", report.rows.rows, fmt::format("{} items in {} files", report.rows.items, report.rows.files));
  text += line("= held", report.rows.held, "named by the object index");
  text += line_if("+ by name", report.rows.by_name);
  if (!report.index.current) {
    text += "  the object index is of an older snapshot: another engine has written since\n";
  }
  text += line_if("elsewhere", report.index.elsewhere,
                  "objects in the index that lie outside of the listed prefix: nothing was said of them");
  text += line_if("other suffix", report.index.other_suffix,
                  "objects in the index that this inventory's suffix leaves out");
  text += line_if("without primary", report.rows.without_primary, "items whose rows do not say which one counts");
  for (const auto& kind : report.findings) {
    text += fmt::format("\n{} {}: {}\n", kind.count, to_string(kind.finding), explain(kind.finding));
    for (const auto& example : kind.examples) text += fmt::format("    {}\n", example);
    if (kind.count > static_cast<std::int64_t>(kind.examples.size())) text += "    …\n";
  }
  text += fmt::format("\n{}, {:.1f} s, peak memory {:.0f} MiB\n",
                      report.good() ? "all is as it should be" : "all findings are in " + report.out, report.seconds,
                      static_cast<double>(report.peak_rss_bytes) / (1 << 20));
  return text;
}

}  // namespace earthcatalog::maintenance
