#include "earthcatalog/backfill/staging/staged_group.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace earthcatalog::backfill {
namespace {

constexpr std::array<std::pair<PartForm, std::string_view>, 3> kForms{
    {{PartForm::kSame, "same"}, {PartForm::kFewerColumns, "fewer_columns"}, {PartForm::kItems, "items"}}};

void write_attempt(nlohmann::json& json, const Attempt& attempt) {
  json["chunk"] = attempt.chunk;
  if (attempt.number != 0) json["attempt"] = attempt.number;
  if (!attempt.writer.empty()) json["writer"] = attempt.writer;
}

Attempt read_attempt(const nlohmann::json& json) {
  return {.chunk = json.at("chunk").get<std::int64_t>(),
          .number = json.value("attempt", 0),
          .writer = json.value("writer", "")};
}

}  // namespace

StagedFile staged_file(const StagedGroup& group, const StagedGroupFile& file) {
  return {
      .partition = group.partition, .number = file.number, .rows = file.rows, .bytes = file.bytes, .items = file.items};
}

void to_json(nlohmann::json& json, const StagedGroupFile& file) {
  json = {{"rows", file.rows}, {"bytes", file.bytes}, {"items", file.items}};
  write_attempt(json, file.attempt);
  to_json(json, file.number);
  if (file.form != PartForm::kItems) {
    json["form"] = std::ranges::find(kForms, file.form, [](const auto& known) { return known.first; })->second;
  }
}

void from_json(const nlohmann::json& json, StagedGroupFile& file) {
  check_members(json, {"chunk", "attempt", "writer", "spill", "file", "rows", "bytes", "items", "form"});
  file.attempt = read_attempt(json);
  json.get_to(file.number);
  json.at("rows").get_to(file.rows);
  json.at("bytes").get_to(file.bytes);
  json.at("items").get_to(file.items);
  const auto name = json.value("form", std::string("items"));
  const auto* const form = std::ranges::find(kForms, name, [](const auto& known) { return known.second; });
  if (form == kForms.end()) throw nlohmann::json::other_error::create(501, "there is no form " + name, &json);
  file.form = form->first;
}

void to_json(nlohmann::json& json, const DroppedObject& dropped) {
  json = {{"object", dropped.object}, {"identity", dropped.identity}};
  write_attempt(json, dropped.spill.attempt);
  if (dropped.spill.number != 0) json["spill"] = dropped.spill.number;
}

void from_json(const nlohmann::json& json, DroppedObject& dropped) {
  check_members(json, {"chunk", "attempt", "writer", "spill", "object", "identity"});
  dropped.spill = {.attempt = read_attempt(json), .number = json.value("spill", 0)};
  json.at("object").get_to(dropped.object);
  json.at("identity").get_to(dropped.identity);
}

void to_json(nlohmann::json& json, const StagedGroup& group) {
  json["files"] = group.files;
  to_json(json, group.partition);
  if (!group.dropped.empty()) json["dropped"] = group.dropped;
  if (!group.removals.empty()) json["removals"] = group.removals;
}

void from_json(const nlohmann::json& json, StagedGroup& group) {
  check_members(json, {"cell", "year", "files", "dropped", "removals"});
  json.get_to(group.partition);
  group.files = json.value("files", group.files);
  group.dropped = json.value("dropped", group.dropped);
  group.removals = json.value("removals", group.removals);
}

}  // namespace earthcatalog::backfill
