#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "earthcatalog/incremental/delta.h"

namespace earthcatalog::incremental {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const RemovedObjects& removed) {
  return {{"recorded", removed.recorded},
          {"listed", removed.listed},
          {"removed", removed.removed},
          {"not_judged", removed.not_judged}};
}

Json to_json(const DeletedRows& deleted) {
  return {{"objects", deleted.objects},
          {"items", deleted.items},
          {"rows", deleted.rows},
          {"counting_again", deleted.counting_again},
          {"files_removed", deleted.files_removed},
          {"files_added", deleted.files_added},
          {"snapshot_id", deleted.snapshot_id ? Json(*deleted.snapshot_id) : Json()}};
}

}  // namespace

std::string to_json(const DeltaReport& report) {
  Json json = {{"run_id", report.run_id},
               {"warehouse", report.warehouse},
               {"rows", report.rows},
               {"added", report.added},
               {"changed", report.changed},
               {"unchanged", report.unchanged},
               {"duplicates", report.duplicates},
               {"pending_files", report.pending_files},
               {"pending_left", report.pending_left},
               {"taken_up", report.taken_up},
               {"written", report.written},
               {"out", report.out},
               {"done", report.done}};
  json["objects"] = report.removed ? to_json(*report.removed) : Json();
  json["deleted"] = report.deleted ? to_json(*report.deleted) : Json();
  json["ingest"] = report.ingest ? Json::parse(to_json(*report.ingest)) : Json();
  json["seconds"] = report.seconds;
  return json.dump(2);
}

std::string to_text(const DeltaReport& report) {
  const auto line = [](std::string_view name, std::int64_t count) {
    return fmt::format("  {:<16}{:>12}\n", name, count);
  };
  std::string text = fmt::format("delta {}\n", report.run_id);
  text += line("objects", report.rows) + line("= added", report.added) + line("+ changed", report.changed) +
          line("+ unchanged", report.unchanged);
  if (report.duplicates > 0) text += line("+ duplicates", report.duplicates);
  if (report.removed) {
    text += line("recorded", report.removed->recorded) + line("  removed", report.removed->removed);
    if (report.removed->not_judged > 0) {
      text += fmt::format("  of {} recorded objects this list says nothing: other buckets, prefixes or suffixes\n",
                          report.removed->not_judged);
    }
    const auto told = std::min(RemovedObjects::kExamples, std::ssize(report.removed->entries));
    for (const auto& entry : std::span(report.removed->entries).first(static_cast<std::size_t>(told))) {
      text += fmt::format("    {}\n", entry.name);
    }
  } else {
    text += "  removed objects were not looked for: the inventory is not of all objects\n";
  }
  if (report.deleted) {
    text += fmt::format("deleted {} rows of {} items and {} objects; {} superseded objects count again\n",
                        report.deleted->rows, report.deleted->items, report.deleted->objects,
                        report.deleted->counting_again);
  }
  if (report.pending_files > 0) {
    text += fmt::format("{} earlier pending inventories were taken up, with {} objects more\n", report.pending_files,
                        report.taken_up);
  }
  if (report.pending_left > 0) {
    text +=
        fmt::format("{} earlier pending inventories were left to the run that holds the lock\n", report.pending_left);
  }
  if (!report.out.empty()) {
    text += fmt::format("{} objects in {}", report.written, report.out);
  } else {
    text += report.ingest ? fmt::format("{} objects ingested", report.written) : std::string("nothing to ingest");
  }
  text += fmt::format(", {:.1f} s\n", report.seconds);
  if (report.ingest) text += to_text(*report.ingest);
  return text;
}

}  // namespace earthcatalog::incremental
