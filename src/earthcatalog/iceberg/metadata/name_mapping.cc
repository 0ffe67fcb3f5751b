#include <map>
#include <set>

#include "earthcatalog/iceberg/metadata/json_internal.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kDeepestMapping = 32;

using NamesById = std::map<int, std::vector<std::string>>;

// A mapping that makes no sense gives fewer names, never an error: it is rebuilt from the schema.
void collect(const Json& mapping, NamesById& names, int depth) {
  if (!mapping.is_array() || depth == kDeepestMapping) return;
  for (const Json& field : mapping) {
    const Json* id = member(field, "field-id");
    const Json* aliases = member(field, "names");
    if (id != nullptr && id->is_number_integer() && aliases != nullptr) {
      for (const Json& alias : *aliases) {
        if (alias.is_string()) names[id->get<int>()].push_back(alias.get<std::string>());
      }
    }
    if (const Json* nested = member(field, "fields"); nested != nullptr) collect(*nested, names, depth + 1);
  }
}

Json mapping_of(const std::vector<NestedField>& fields, const NamesById& previous) {
  // A name that another column bears now is no alias any more.
  std::set<std::string> taken;
  for (const auto& field : fields) taken.insert(field.name);
  Json array = Json::array();
  for (const auto& field : fields) {
    Json names = Json::array();
    if (const auto at = previous.find(field.field_id); at != previous.end()) {
      for (const std::string& alias : at->second) {
        if (alias == field.name || !taken.contains(alias)) names.push_back(alias);
      }
    }
    if (std::find(names.begin(), names.end(), field.name) == names.end()) names.push_back(field.name);
    Json json = {{"field-id", field.field_id}, {"names", std::move(names)}};
    if (field.type.id == TypeId::kStruct) json["fields"] = mapping_of(field.type.fields, previous);
    array.push_back(std::move(json));
  }
  return array;
}

void set_names(std::vector<NestedField>& fields, const NamesById& names) {
  for (NestedField& field : fields) {
    const auto at = names.find(field.field_id);
    field.mapped_names = at == names.end() ? std::vector<std::string>() : at->second;
    set_names(field.type.fields, names);
  }
}

void forget_names(std::vector<NestedField>& fields) {
  for (NestedField& field : fields) {
    field.mapped_names.reset();
    forget_names(field.type.fields);
  }
}

}  // namespace

void set_mapped_names(Schema& schema, const std::optional<std::string>& mapping) {
  const Json json = mapping ? Json::parse(*mapping, nullptr, false) : Json();
  if (!json.is_array()) return forget_names(schema.fields);
  NamesById names;
  collect(json, names, 0);
  set_names(schema.fields, names);
}

std::string name_mapping_json(const Schema& schema, std::string_view previous) {
  NamesById names;
  if (!previous.empty()) collect(Json::parse(previous, nullptr, false), names, 0);
  return dump(mapping_of(schema.fields, names));
}

}  // namespace earthcatalog::iceberg
