#include "earthcatalog/maintenance/audit/audit_findings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/write/partition.h"

namespace earthcatalog::maintenance {
namespace {

struct Words {
  std::string_view name, meaning;
};

constexpr std::array<Words, kFindings> kWords = {{
    {"missing", "objects of the inventory that are not in the table"},
    {"stale", "objects that the table has in another version than the inventory"},
    {"extra", "objects that the table has and the inventory has not"},
    {"doubled_objects", "objects that own the rows of an item which another object owns too"},
    {"lost_rows", "rows that the object index names and the table has not"},
    {"unknown_rows", "rows that belong to no object of the index"},
    {"doubled_rows", "further rows of an item in the same cell and year, or in another year"},
    {"stale_rows", "rows of another version of their item than the index, or the item's other rows, have"},
    {"primary", "items that have not exactly one row with grid_primary"},
    {"lost_cells", "items without a row in some of the cells that they touch; bring them back with `refetch`"},
    {"lost_files", "data files that do not exist"},
    {"broken_files", "data files of another size, or that cannot be read"},
    {"wrong_counts", "counts of manifests that are not those of the rows"},
    {"wrong_bounds", "bounds of manifests that values lie outside of"},
    {"wrong_partitions", "data files with rows of another cell or year than their partition"},
    {"lost_values",
     "columns whose values a rewriting of files lost; incremental brings them back when it refetches their objects"},
    {"index", "faults of the object index itself"},
}};

std::string text_of(const FindingLine& line) {
  std::string text;
  const auto append = [&](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ' ';
    text += part;
  };
  append(line.object);
  append(line.id);
  if (!line.collection.empty()) append(fmt::format("of {}", line.collection));
  if (!line.cell.empty()) {
    append(fmt::format("in {}/{}", line.cell, write::year_name(line.year)));
  }
  append(line.file);
  if (line.reason.empty()) return text;
  return text.empty() ? line.reason : fmt::format("{}: {}", text, line.reason);
}

std::string json_of(Finding finding, const FindingLine& line) {
  nlohmann::ordered_json json = {{"finding", to_string(finding)}};
  if (!line.object.empty()) {
    const auto slash = line.object.find('/');
    json["bucket"] = line.object.substr(0, slash);
    json["key"] = slash == line.object.npos ? std::string_view() : line.object.substr(slash + 1);
  }
  if (!line.id.empty() || !line.collection.empty()) {
    json["collection"] = line.collection;
    json["id"] = line.id;
  }
  if (!line.cell.empty()) {
    json["cell"] = line.cell;
    json["year"] = line.year ? nlohmann::ordered_json(*line.year) : nlohmann::ordered_json("unknown");
  }
  if (!line.file.empty()) json["file"] = line.file;
  if (!line.reason.empty()) json["reason"] = line.reason;
  // Keys need not be UTF-8, nor what a broken file holds.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(Finding finding) { return kWords[static_cast<std::size_t>(finding)].name; }
std::string_view explain(Finding finding) { return kWords[static_cast<std::size_t>(finding)].meaning; }

void Findings::add(Finding finding, const FindingLine& line) {
  lines_.add(json_of(finding, line));
  const MutexLock lock(mutex_);
  Kind& kind = kinds_[static_cast<std::size_t>(finding)];
  if (++kind.count <= static_cast<std::int64_t>(kExamples)) kind.examples.push_back(text_of(line));
}

}  // namespace earthcatalog::maintenance
