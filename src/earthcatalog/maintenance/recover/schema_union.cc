#include "earthcatalog/maintenance/recover/schema_union.h"

#include <utility>

#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::maintenance {

using iceberg::TypeId;

// https://iceberg.apache.org/spec/#schema-evolution, type promotion; a time without zone is UTC.
iceberg::NestedField promoted(iceberg::NestedField field) {
  if (field.type.id == TypeId::kInt) field.type.id = TypeId::kLong;
  if (field.type.id == TypeId::kFloat) field.type.id = TypeId::kDouble;
  if (field.type.id == TypeId::kTimestamp) field.type.id = TypeId::kTimestampTz;
  return field;
}

Status SchemaUnion::check_same(const Met& met, const iceberg::NestedField& field, const std::string& uri) {
  if (met.field == field) return {};
  return fail(ErrorKind::kInvalidData,
              "column \"{}\" (field id {}) of {} is not column \"{}\" (field id {}) of {}: files of two tables lie in "
              "this warehouse",
              field.name, field.field_id, uri, met.field.name, met.field.field_id, met.uri);
}

Status SchemaUnion::add(const geoparquet::FileSchema& file, const std::string& uri) {
  for (const auto& field : file.schema.fields) {
    if (file.has_field_ids) {
      EC_TRY(check_same(by_id_.try_emplace(field.field_id, Met{field, uri}).first->second, field, uri));
      EC_TRY(check_same(by_name_.try_emplace(field.name, Met{field, uri}).first->second, field, uri));
      continue;
    }
    const auto column = promoted(field);
    const auto [at, is_new] = plain_.try_emplace(column.name, Met{column, uri});
    if (is_new) plain_in_order_.push_back(column.name);
    EC_TRY(check_same(at->second, column, uri));
  }
  return {};
}

Result<iceberg::Schema> SchemaUnion::finish() const {
  iceberg::Schema schema;
  if (by_id_.empty()) {
    for (const auto& name : plain_in_order_) schema.fields.push_back(plain_.at(name).field);
    EC_ASSIGN_OR_RETURN(const auto recognized, catalog::recognize(schema));
    EC_TRY(catalog::check_writable(recognized));
    return catalog::iceberg_schema(recognized.columns);
  }
  for (const auto& [id, met] : by_id_) schema.fields.push_back(met.field);
  for (const auto& [name, met] : plain_) {
    const auto* field = schema.find(name);
    if (field != nullptr && field->type.id == met.field.type.id) continue;
    return fail(ErrorKind::kInvalidData, "column \"{}\" of {}, a file without field ids, is in no file that has them",
                name, met.uri);
  }
  EC_ASSIGN_OR_RETURN(const auto recognized, catalog::recognize(schema));
  EC_TRY(catalog::check_writable(recognized));
  return schema;
}

}  // namespace earthcatalog::maintenance
