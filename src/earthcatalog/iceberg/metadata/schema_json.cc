#include <array>
#include <set>
#include <utility>

#include "earthcatalog/iceberg/metadata/json_internal.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kDeepestStruct = 32;

constexpr std::array<std::pair<TypeId, std::string_view>, 10> kTypeNames{{
    {TypeId::kBoolean, "boolean"},
    {TypeId::kInt, "int"},
    {TypeId::kLong, "long"},
    {TypeId::kFloat, "float"},
    {TypeId::kDouble, "double"},
    {TypeId::kString, "string"},
    {TypeId::kBinary, "binary"},
    {TypeId::kTimestampTz, "timestamptz"},
    {TypeId::kTimestamp, "timestamp"},
    {TypeId::kDate, "date"},
}};

Result<std::vector<NestedField>> fields_from_json(const Json& json, std::set<int>& ids, int depth);

Result<Type> type_from_json(const Json& json, std::set<int>& ids, int depth) {
  if (json.is_string()) {
    const auto& name = json.get_ref<const std::string&>();
    for (const auto& [id, text] : kTypeNames) {
      if (name == text) return Type{.id = id};
    }
    return Type{.id = TypeId::kOther, .other = dump(json)};
  }
  EC_ASSIGN_OR_RETURN(const std::string name, required_string(json, "type"));
  if (name != "struct") return Type{.id = TypeId::kOther, .other = dump(json)};
  if (depth == kDeepestStruct) return fail(ErrorKind::kUnsupported, "structs nested deeper than {}", kDeepestStruct);
  EC_ASSIGN_OR_RETURN(auto fields, fields_from_json(json, ids, depth + 1));
  return Type{.id = TypeId::kStruct, .fields = std::move(fields)};
}

Result<NestedField> field_from_json(const Json& json, std::set<int>& ids, int depth) {
  NestedField field;
  EC_ASSIGN_OR_RETURN(field.name, required_string(json, "name"));
  EC_ASSIGN_OR_RETURN(field.field_id, required_int(json, "id"));
  if (field.field_id < 1) return fail(ErrorKind::kInvalidData, "id {} of column {}", field.field_id, field.name);
  if (!ids.insert(field.field_id).second) {
    return fail(ErrorKind::kInvalidData, "id {} of column {} is another column's too", field.field_id, field.name);
  }
  const Json* type = member(json, "type");
  if (type == nullptr) return fail(ErrorKind::kInvalidData, "column {}: type is missing", field.name);
  EC_ASSIGN_OR_RETURN(field.type, annotate(type_from_json(*type, ids, depth), "column " + field.name));
  const Json* required = member(json, "required");
  if (required == nullptr || !required->is_boolean()) {
    return fail(ErrorKind::kInvalidData, "column {}: required is missing", field.name);
  }
  field.required = required->get<bool>();
  EC_ASSIGN_OR_RETURN(auto doc, optional_string(json, "doc"));
  field.doc = std::move(doc).value_or("");
  return field;
}

Result<std::vector<NestedField>> fields_from_json(const Json& json, std::set<int>& ids, int depth) {
  EC_ASSIGN_OR_RETURN(const Json* array, required_array(json, "fields"));
  std::vector<NestedField> fields;
  for (const Json& element : *array) {
    EC_ASSIGN_OR_RETURN(auto field, field_from_json(element, ids, depth));
    fields.push_back(std::move(field));
  }
  return fields;
}

Json fields_to_json(const std::vector<NestedField>& fields);

Json type_to_json(const Type& type) {
  if (type.id == TypeId::kOther) return Json::parse(type.other);
  if (type.id == TypeId::kStruct) return {{"type", "struct"}, {"fields", fields_to_json(type.fields)}};
  for (const auto& [id, name] : kTypeNames) {
    if (id == type.id) return name;
  }
  return nullptr;
}

Json fields_to_json(const std::vector<NestedField>& fields) {
  Json array = Json::array();
  for (const auto& field : fields) {
    Json json = {
        {"id", field.field_id}, {"name", field.name}, {"type", type_to_json(field.type)}, {"required", field.required}};
    if (!field.doc.empty()) json["doc"] = field.doc;
    array.push_back(std::move(json));
  }
  return array;
}

}  // namespace

Result<Schema> schema_from_json(const Json& json) {
  Schema schema;
  std::set<int> ids;
  EC_ASSIGN_OR_RETURN(schema.schema_id, required_int(json, "schema-id"));
  EC_ASSIGN_OR_RETURN(schema.fields, fields_from_json(json, ids, 0));
  if (const Json* identifiers = member(json, "identifier-field-ids"); identifiers != nullptr) {
    for (const Json& id : *identifiers) {
      if (!id.is_number_integer()) return fail(ErrorKind::kInvalidData, "identifier-field-ids holds no integer");
      schema.identifier_field_ids.push_back(id.get<int>());
    }
  }
  return schema;
}

Json schema_to_json(const Schema& schema) {
  return {{"type", "struct"},
          {"fields", fields_to_json(schema.fields)},
          {"schema-id", schema.schema_id},
          {"identifier-field-ids", schema.identifier_field_ids}};
}

std::string type_name(const Type& type) {
  const Json json = type_to_json(type);
  return json.is_string() ? json.get<std::string>() : json.value("type", "");
}

std::string to_json(const Schema& schema) { return dump(schema_to_json(schema)); }

Result<PartitionSpec> partition_spec_from_json(const Json& json) {
  PartitionSpec spec;
  EC_ASSIGN_OR_RETURN(spec.spec_id, required_int(json, "spec-id"));
  EC_ASSIGN_OR_RETURN(const Json* array, required_array(json, "fields"));
  for (const Json& element : *array) {
    PartitionField field;
    EC_ASSIGN_OR_RETURN(field.source_id, required_int(element, "source-id"));
    EC_ASSIGN_OR_RETURN(field.field_id, required_int(element, "field-id"));
    EC_ASSIGN_OR_RETURN(field.name, required_string(element, "name"));
    EC_ASSIGN_OR_RETURN(field.transform, required_string(element, "transform"));
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

Json partition_fields_to_json(const PartitionSpec& spec) {
  Json array = Json::array();
  for (const auto& field : spec.fields) {
    array.push_back({{"source-id", field.source_id},
                     {"field-id", field.field_id},
                     {"transform", field.transform},
                     {"name", field.name}});
  }
  return array;
}

}  // namespace earthcatalog::iceberg
