#include "earthcatalog/read/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::read {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const iceberg::Properties& summary, std::string_view key) {
  const auto at = summary.find(key);
  return at == summary.end() ? std::string() : at->second;
}

std::optional<std::int64_t> number_of(const iceberg::Properties& summary, std::string_view key) {
  const auto text = text_of(summary, key);
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

// Iceberg leaves out a count of files or rows that is zero.
std::optional<std::int64_t> change_of(const iceberg::Properties& summary, std::string_view key) {
  const bool counts = summary.contains("total-data-files");
  const auto number = number_of(summary, key);
  return number || !counts ? number : 0;
}

std::string writer_of(const iceberg::Properties& summary) {
  if (summary.contains(catalog::kRunIdSummary)) return "earthcatalog";
  if (const auto name = text_of(summary, "engine-name"); !name.empty()) return name;
  if (summary.contains("spark.app.id")) return "spark";
  if (summary.contains("trino_query_id")) return "trino";
  if (summary.contains("flink.job-id")) return "flink";
  return "another engine";
}

HistoryEntry entry_of(const iceberg::Snapshot& snapshot, const iceberg::TableMetadata& metadata) {
  const auto& summary = snapshot.summary;
  return {.snapshot_id = snapshot.snapshot_id,
          .parent = snapshot.parent_snapshot_id,
          .time = snapshot.timestamp_ms * 1000,
          .operation = std::string(snapshot.operation()),
          .writer = writer_of(summary),
          .run_id = text_of(summary, catalog::kRunIdSummary),
          .command = text_of(summary, catalog::kCommandSummary),
          .inventory = text_of(summary, "earthcatalog.inventory"),
          .files_added = change_of(summary, "added-data-files"),
          .files_removed = change_of(summary, "deleted-data-files"),
          .rows_added = change_of(summary, "added-records"),
          .rows_removed = change_of(summary, "deleted-records"),
          .files = number_of(summary, "total-data-files"),
          .rows = number_of(summary, "total-records"),
          .current = metadata.current_snapshot_id == snapshot.snapshot_id};
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json or_null(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

Json to_json(const HistoryEntry& entry) {
  return {{"snapshot_id", entry.snapshot_id},
          {"parent", or_null(entry.parent)},
          {"time", format_time(entry.time)},
          {"current", entry.current},
          {"operation", or_null(entry.operation)},
          {"writer", entry.writer},
          {"run_id", or_null(entry.run_id)},
          {"run_command", or_null(entry.command)},
          {"run_inventory", or_null(entry.inventory)},
          {"files_added", or_null(entry.files_added)},
          {"files_removed", or_null(entry.files_removed)},
          {"rows_added", or_null(entry.rows_added)},
          {"rows_removed", or_null(entry.rows_removed)},
          {"files", or_null(entry.files)},
          {"rows", or_null(entry.rows)}};
}

// Entries of one run follow each other unless another writer came between them.
Json runs_of(const History& history) {
  Json runs = Json::array();
  for (const auto& entry : history.entries) {
    if (entry.run_id.empty()) continue;
    const auto same = [&](const Json& run) { return run["run_id"] == entry.run_id; };
    auto at = std::ranges::find_if(runs, same);
    if (at == runs.end()) {
      runs.push_back({{"run_id", entry.run_id},
                      {"run_command", or_null(entry.command)},
                      {"run_inventory", or_null(entry.inventory)},
                      {"first_commit", ""},
                      {"last_commit", format_time(entry.time)},
                      {"commits", 0},
                      {"files_added", 0},
                      {"files_removed", 0},
                      {"rows_added", 0},
                      {"rows_removed", 0}});
      at = std::prev(runs.end());
    }
    auto& run = *at;
    run["first_commit"] = format_time(entry.time);
    run["commits"] = run["commits"].get<std::int64_t>() + 1;
    const auto add = [&](const char* name, const std::optional<std::int64_t>& count) {
      run[name] = run[name].get<std::int64_t>() + count.value_or(0);
    };
    add("files_added", entry.files_added);
    add("files_removed", entry.files_removed);
    add("rows_added", entry.rows_added);
    add("rows_removed", entry.rows_removed);
  }
  return runs;
}

std::string change_text(const std::optional<std::int64_t>& added, const std::optional<std::int64_t>& removed) {
  const auto text = [](char sign, const std::optional<std::int64_t>& count) {
    if (!count) return std::string("?");
    return *count == 0 ? std::string() : fmt::format("{}{}", sign, *count);
  };
  const auto plus = text('+', added), minus = text('-', removed);
  if (plus.empty() && minus.empty()) return "0";
  return plus + (plus.empty() || minus.empty() ? "" : " ") + minus;
}

}  // namespace

History read_history(const TableReader& table, std::size_t most) {
  const auto& metadata = table.table().metadata();
  History history{.catalog = table.place().catalog,
                  .warehouse = table.place().warehouse,
                  .snapshots = std::ssize(metadata.snapshots),
                  .entries = {}};
  std::vector<const iceberg::Snapshot*> snapshots;
  for (const auto& snapshot : metadata.snapshots) snapshots.push_back(&snapshot);
  std::ranges::stable_sort(snapshots, std::ranges::greater{}, &iceberg::Snapshot::sequence_number);
  if (most > 0 && snapshots.size() > most) snapshots.resize(most);
  for (const auto* snapshot : snapshots) history.entries.push_back(entry_of(*snapshot, metadata));
  return history;
}

std::string to_json(const History& history) {
  Json json;
  json["catalog"] = history.catalog;
  json["warehouse"] = history.warehouse;
  json["snapshots_of_the_table"] = history.snapshots;
  json["snapshots"] = Json::array();
  for (const auto& entry : history.entries) json["snapshots"].push_back(to_json(entry));
  json["runs"] = runs_of(history);
  return json.dump(2);
}

std::string to_text(const History& history) {
  if (history.entries.empty()) return "the table has no snapshot\n";
  const auto line = [](auto&&... columns) {
    return fmt::format("{:<24}{:<21}{:<11}{:>16}{:>18}{:>12}  {:<34}{}\n", columns...);
  };
  std::string text = line("time", "snapshot", "operation", "files", "rows", "all rows", "by", "of");
  for (const auto& entry : history.entries) {
    std::string by = entry.writer;
    if (!entry.run_id.empty()) by = entry.command.empty() ? "run" : entry.command;
    if (!entry.run_id.empty()) by += " " + entry.run_id.substr(0, 8);
    text +=
        line(format_time(entry.time), fmt::format("{}{}", entry.snapshot_id, entry.current ? "*" : ""), entry.operation,
             change_text(entry.files_added, entry.files_removed), change_text(entry.rows_added, entry.rows_removed),
             entry.rows ? std::to_string(*entry.rows) : std::string("?"), by, entry.inventory);
  }
  text += fmt::format("{} of {} {}; * is what readers see\n", history.entries.size(), history.snapshots,
                      history.snapshots == 1 ? "snapshot" : "snapshots");
  return text;
}

}  // namespace earthcatalog::read
