#include "earthcatalog/backfill/staging/staged_schema.h"

#include <algorithm>
#include <array>
#include <utility>

#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::backfill {
namespace {

using stac::ColumnType;
constexpr std::array<std::pair<ColumnType, std::string_view>, 7> kTypes{{{ColumnType::kString, "string"},
                                                                         {ColumnType::kBinary, "binary"},
                                                                         {ColumnType::kBoolean, "boolean"},
                                                                         {ColumnType::kLong, "long"},
                                                                         {ColumnType::kDouble, "double"},
                                                                         {ColumnType::kTimestamp, "timestamptz"},
                                                                         {ColumnType::kBbox, "bbox"}}};

}  // namespace

std::string schema_name(const TableSchema& schema) { return to_hex(hash128(to_json_text(schema))).substr(0, 16); }

TableSchema describe(const stac::ItemSchema& items, const iceberg::Schema& schema) {
  TableSchema result{.kind = items.kind == stac::SchemaKind::kItslive ? "itslive" : "auto", .columns = {}};
  for (const auto& column : items.columns) {
    const auto* field = schema.find(column.name);
    SpecColumn spec{
        .name = column.name,
        .type = std::string(std::ranges::find(kTypes, column.type, [](const auto& t) { return t.first; })->second),
        .field_id = field->field_id,
        .member_ids = {}};
    for (const auto& member : field->type.fields) spec.member_ids.push_back(member.field_id);
    result.columns.push_back(std::move(spec));
  }
  return result;
}

TableSchema part_schema(const TableSchema& table, const stac::ItemSchema& items) {
  auto schema = catalog::iceberg_schema(items);
  if (table.columns.empty()) return describe(items, schema);
  int last = 0;
  for (const auto& column : table.columns) {
    last = std::max(last, column.field_id);
    for (const int id : column.member_ids) last = std::max(last, id);
  }
  for (auto& field : schema.fields) {
    const auto known = std::ranges::find(table.columns, field.name, &SpecColumn::name);
    field.field_id = known != table.columns.end() ? known->field_id : ++last;
    for (std::size_t m = 0; m < field.type.fields.size(); ++m) {
      field.type.fields[m].field_id = known != table.columns.end() ? known->member_ids[m] : ++last;
    }
  }
  return describe(items, schema);
}

Result<stac::ItemSchema> item_schema(const TableSchema& schema) {
  stac::ItemSchema items{.kind = schema.kind == "itslive" ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto,
                         .columns = {}};
  for (const auto& column : schema.columns) {
    const auto* const type = std::ranges::find(kTypes, column.type, [](const auto& t) { return t.second; });
    if (type == kTypes.end()) {
      return fail(ErrorKind::kInvalidData, "column {}: there is no type {}", column.name, column.type);
    }
    items.columns.push_back({.name = column.name, .type = type->first});
  }
  return items;
}

Result<iceberg::Schema> iceberg_schema(const TableSchema& schema) {
  EC_ASSIGN_OR_RETURN(const auto items, item_schema(schema));
  iceberg::Schema result;
  for (std::size_t i = 0; i < items.columns.size(); ++i) {
    const auto& spec = schema.columns[i];
    auto field = catalog::iceberg_field(items.columns[i]);
    field.field_id = spec.field_id;
    if (field.type.fields.size() != spec.member_ids.size()) {
      return fail(ErrorKind::kInvalidData, "column {}: {} member ids", spec.name, spec.member_ids.size());
    }
    for (std::size_t m = 0; m < spec.member_ids.size(); ++m) field.type.fields[m].field_id = spec.member_ids[m];
    result.fields.push_back(std::move(field));
  }
  return result;
}

}  // namespace earthcatalog::backfill
