#include "earthcatalog/backfill/staging/records.h"

#include <charconv>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::write {

void to_json(nlohmann::json& json, const Partition& partition) {
  json["cell"] = partition.cell;
  json["year"] = partition.year;
}

void from_json(const nlohmann::json& json, Partition& partition) {
  json.at("cell").get_to(partition.cell);
  const auto& year = json.at("year");
  if (!year.is_null() && !year.is_number_integer()) {
    throw nlohmann::json::other_error::create(501, "no year: " + year.dump(), &json);
  }
  year.get_to(partition.year);
}

}  // namespace earthcatalog::write

namespace earthcatalog::stac {

void to_json(nlohmann::json& json, const PropertyKinds& kinds) {
  std::string letters;
  if (kinds.number) letters += 'n';
  if (kinds.boolean) letters += 'b';
  if (kinds.string) letters += 's';
  json = std::move(letters);
}

void from_json(const nlohmann::json& json, PropertyKinds& kinds) {
  const auto letters = json.get<std::string>();
  kinds.number = letters.contains('n');
  kinds.boolean = letters.contains('b');
  kinds.string = letters.contains('s');
}

}  // namespace earthcatalog::stac

namespace earthcatalog::backfill {

void ItemCounts::add(const index::ObjectEntry& entry, int times) {
  undated += entry.year ? 0 : times;
  unlocated += !entry.cells.empty() && entry.cells.front() == grid::kNoCellName ? times : 0;
  if ((fan_out[std::ssize(entry.cells)] += times) == 0) fan_out.erase(std::ssize(entry.cells));
}

void ItemCounts::add(const ItemCounts& other) {
  undated += other.undated;
  unlocated += other.unlocated;
  for (const auto& [cells, items] : other.fan_out) fan_out[cells] += items;
}

void to_json(nlohmann::json& json, const ItemCounts& counts) {
  json = {{"undated", counts.undated}, {"unlocated", counts.unlocated}, {"fan_out", nlohmann::json::object()}};
  for (const auto& [cells, items] : counts.fan_out) json["fan_out"][std::to_string(cells)] = items;
}

void from_json(const nlohmann::json& json, ItemCounts& counts) {
  json.at("undated").get_to(counts.undated);
  json.at("unlocated").get_to(counts.unlocated);
  counts.fan_out.clear();
  for (const auto& [cells, items] : json.at("fan_out").items()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(cells.data(), cells.data() + cells.size(), number);
    if (error != std::errc{} || end != cells.data() + cells.size()) {
      throw nlohmann::json::other_error::create(501, "no number of cells: " + cells, &json);
    }
    items.get_to(counts.fan_out[number]);
  }
}

void to_json(nlohmann::json& json, const FileNumber& number) {
  if (number.spill != 0) json["spill"] = number.spill;
  if (number.file != 0) json["file"] = number.file;
}

void from_json(const nlohmann::json& json, FileNumber& number) {
  number = {.spill = json.value("spill", 0), .file = json.value("file", 0)};
}

void to_json(nlohmann::json& json, const StagedFile& file) {
  json = {{"rows", file.rows}, {"bytes", file.bytes}, {"items", file.items}};
  to_json(json, file.partition);
  to_json(json, file.number);
}

void from_json(const nlohmann::json& json, StagedFile& file) {
  json.get_to(file.partition);
  json.get_to(file.number);
  json.at("rows").get_to(file.rows);
  json.at("bytes").get_to(file.bytes);
  json.at("items").get_to(file.items);
}

}  // namespace earthcatalog::backfill
