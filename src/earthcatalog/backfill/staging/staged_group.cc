#include "earthcatalog/backfill/staging/staged_group.h"

namespace earthcatalog::backfill {

StagedFile staged_file(const StagedGroup& group, const StagedGroupFile& file) {
  return {.partition = group.partition, .part = file.part, .rows = file.rows, .bytes = file.bytes, .items = file.items};
}

void to_json(nlohmann::json& json, const StagedGroupFile& file) {
  json = {file.attempt.chunk, file.attempt.number,        file.part, file.rows, file.bytes,
          file.items,         static_cast<int>(file.form)};
}

void from_json(const nlohmann::json& json, StagedGroupFile& file) {
  json.at(0).get_to(file.attempt.chunk);
  json.at(1).get_to(file.attempt.number);
  json.at(2).get_to(file.part);
  json.at(3).get_to(file.rows);
  json.at(4).get_to(file.bytes);
  json.at(5).get_to(file.items);
  file.form = static_cast<PartForm>(json.at(6).get<int>());
}

void to_json(nlohmann::json& json, const DroppedObject& dropped) {
  json = {dropped.attempt.chunk, dropped.attempt.number, dropped.spill, dropped.object, dropped.identity};
}

void from_json(const nlohmann::json& json, DroppedObject& dropped) {
  json.at(0).get_to(dropped.attempt.chunk);
  json.at(1).get_to(dropped.attempt.number);
  json.at(2).get_to(dropped.spill);
  json.at(3).get_to(dropped.object);
  json.at(4).get_to(dropped.identity);
}

}  // namespace earthcatalog::backfill
