#include "earthcatalog/backfill/staging/records.h"

#include <charconv>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::write {

void to_json(nlohmann::json& json, const Partition& partition) { json = {partition.cell, year_name(partition.year)}; }

void from_json(const nlohmann::json& json, Partition& partition) {
  partition.cell = json.at(0).get<std::string>();
  const auto year = json.at(1).get<std::string>();
  partition.year.reset();
  if (year == "unknown") return;
  const auto [end, error] = std::from_chars(year.data(), year.data() + year.size(), partition.year.emplace());
  if (error != std::errc{} || end != year.data() + year.size()) {
    throw nlohmann::json::other_error::create(501, "no year: " + json.dump(), &json);
  }
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

void to_json(nlohmann::json& json, const StagedFile& file) {
  json = {file.partition.cell, write::year_name(file.partition.year), file.part, file.rows, file.bytes, file.items};
}

void from_json(const nlohmann::json& json, StagedFile& file) {
  file.partition = json.get<write::Partition>();
  json.at(2).get_to(file.part);
  json.at(3).get_to(file.rows);
  json.at(4).get_to(file.bytes);
  json.at(5).get_to(file.items);
}

}  // namespace earthcatalog::backfill
