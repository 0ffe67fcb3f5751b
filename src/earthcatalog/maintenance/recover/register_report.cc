#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/maintenance/recover/register.h"

namespace earthcatalog::maintenance {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<catalog::PassedOver>& entries) {
  Json json = Json::array();
  for (const auto& entry : entries) json.push_back({{"uri", entry.uri}, {"reason", entry.reason}});
  return json;
}

Json to_json(const Reconstruction& done) {
  return {{"files_found", done.files_found},
          {"files_taken", done.files_taken},
          {"files_left_out", done.files_left_out},
          {"files_rewritten", done.files_rewritten},
          {"files_unreadable", done.unreadable.size()},
          {"rows_left_out", done.rows_left_out},
          {"left_out", done.left_out},
          {"rewritten", done.partly},
          {"unreadable", to_json(done.unreadable)}};
}

}  // namespace

std::string to_json(const RegisterReport& report) {
  Json json;
  json["run_id"] = report.run_id;
  json["dry_run"] = report.dry_run;
  json["catalog"] = report.catalog;
  json["warehouse"] = report.warehouse;
  json["from"] = report.reconstructed ? "data files" : "metadata";
  json["metadata"] = report.metadata.empty() ? Json() : Json(report.metadata);
  json["replaced"] = report.replaced ? Json(*report.replaced) : Json();
  json["snapshot_id"] = report.snapshot_id ? Json(*report.snapshot_id) : Json();
  json["snapshots"] = report.snapshots;
  json["files"] = report.files;
  json["rows"] = report.rows;
  json["bytes"] = report.bytes;
  json["passed_over"] = to_json(report.passed_over);
  json["notes"] = report.notes;
  if (report.reconstructed) json["reconstructed"] = to_json(*report.reconstructed);
  json["seconds"] = report.seconds;
  return json.dump(2);
}

std::string to_text(const RegisterReport& report) {
  std::string text;
  for (const auto& passed : report.passed_over)
    text += fmt::format("passed over {}\n  {}\n", passed.uri, passed.reason);
  for (const auto& note : report.notes) text += fmt::format("note: {}\n", note);
  text += fmt::format("{} {}{}\n", report.dry_run ? "would register" : "registered", report.warehouse,
                      report.reconstructed ? ", reconstructed from its data files" : "");
  if (!report.metadata.empty()) text += fmt::format("  metadata    {}\n", report.metadata);
  text += fmt::format("  table       {} files, {} rows, {} bytes, {} snapshots\n", report.files, report.rows,
                      report.bytes, report.snapshots);
  if (!report.reconstructed) return text;
  const auto& done = *report.reconstructed;
  text += fmt::format("  data files  {} found: {} taken, {} rewritten, {} left out (only doubles), {} unreadable\n",
                      done.files_found, done.files_taken, done.files_rewritten, done.files_left_out,
                      done.unreadable.size());
  text += fmt::format("  left out    {} rows that are there in a newer version, or twice\n", done.rows_left_out);
  for (const auto& file : done.unreadable) text += fmt::format("  unreadable  {}\n", file.reason);
  return text;
}

}  // namespace earthcatalog::maintenance
