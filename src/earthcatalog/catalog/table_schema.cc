#include "earthcatalog/catalog/table_schema.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace earthcatalog::catalog {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;
using stac::Column;
using stac::ColumnType;
using stac::SchemaKind;

constexpr std::array<const char*, 4> kBboxMembers = {"xmin", "ymin", "xmax", "ymax"};

TypeId type_id(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return TypeId::kString;
    case ColumnType::kBinary:
      return TypeId::kBinary;
    case ColumnType::kBoolean:
      return TypeId::kBoolean;
    case ColumnType::kLong:
      return TypeId::kLong;
    case ColumnType::kDouble:
      return TypeId::kDouble;
    case ColumnType::kTimestamp:
      return TypeId::kTimestampTz;
    case ColumnType::kBbox:
      return TypeId::kStruct;
  }
  std::unreachable();
}

bool is_bbox(const NestedField& field) {
  return std::ranges::equal(field.type.fields, kBboxMembers, [](const NestedField& member, const char* name) {
    return member.name == name && member.type.id == TypeId::kDouble && !member.required;
  });
}

// The column type that holds `field`, if there is one.
std::optional<ColumnType> column_type(const NestedField& field) {
  switch (field.type.id) {
    case TypeId::kString:
      return ColumnType::kString;
    case TypeId::kBinary:
      return ColumnType::kBinary;
    case TypeId::kBoolean:
      return ColumnType::kBoolean;
    case TypeId::kLong:
      return ColumnType::kLong;
    case TypeId::kDouble:
      return ColumnType::kDouble;
    case TypeId::kTimestampTz:
      return ColumnType::kTimestamp;
    case TypeId::kStruct:
      return is_bbox(field) ? std::optional(ColumnType::kBbox) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> not_ours(std::string_view what) {
  return fail(ErrorKind::kUnsupported,
              "the table's schema is not one of earthcatalog's: {}; use another catalog, or a table that earthcatalog "
              "made",
              what);
}

std::string why_not_writable(const NestedField& field, bool foreign) {
  if (foreign) {
    return fmt::format("the table has a column \"{}\" of type {} that earthcatalog does not write, and would lose",
                       field.name, iceberg::type_name(field.type));
  }
  if (field.required) return fmt::format("the table's column \"{}\" is required, and items may lack it", field.name);
  return {};
}

bool contains(const std::vector<Column>& columns, std::string_view name) {
  return std::ranges::find(columns, name, &Column::name) != columns.end();
}

// Whether `schema` begins as a table of `kind` does, up to the columns that every item has.
bool begins_as(const iceberg::Schema& schema, SchemaKind kind) {
  const auto wanted = stac::initial_schema(kind).columns;
  const auto end = std::ranges::find_if(wanted, [](const Column& column) { return column.name == "grid_primary"; });
  const auto count = static_cast<std::size_t>(end - wanted.begin());
  return schema.fields.size() >= count &&
         std::equal(wanted.begin(), end, schema.fields.begin(),
                    [](const Column& column, const NestedField& field) { return column.name == field.name; });
}

// A schema of neither kind is measured against the one that it resembles, so that the message names what differs.
SchemaKind nearest_kind(const iceberg::Schema& schema) {
  if (begins_as(schema, SchemaKind::kItslive)) return SchemaKind::kItslive;
  if (begins_as(schema, SchemaKind::kAuto)) return SchemaKind::kAuto;
  return schema.find("scene_1_id") != nullptr ? SchemaKind::kItslive : SchemaKind::kAuto;
}

std::string beside(std::string_view warehouse, std::string_view suffix) {
  while (warehouse.ends_with('/') && !warehouse.ends_with("://")) warehouse.remove_suffix(1);
  const auto scheme = warehouse.find("://");
  const bool bucket_root =
      scheme != std::string_view::npos && warehouse.find('/', scheme + 3) == std::string_view::npos;
  return fmt::format("{}{}{}", warehouse, bucket_root ? "/" : "", suffix);
}

}  // namespace

NestedField iceberg_field(const Column& column) {
  NestedField field;
  field.name = column.name;
  field.type.id = type_id(column.type);
  if (column.type == ColumnType::kBbox) {
    for (const char* member : kBboxMembers) {
      NestedField part;
      part.name = member;
      part.type.id = TypeId::kDouble;
      field.type.fields.push_back(std::move(part));
    }
  }
  return field;
}

iceberg::Schema iceberg_schema(const stac::ItemSchema& columns) {
  iceberg::Schema schema;
  for (const auto& column : columns.columns) schema.fields.push_back(iceberg_field(column));
  return iceberg::assign_fresh_ids(std::move(schema));
}

Result<RecognizedSchema> recognize(const iceberg::Schema& schema) {
  RecognizedSchema result;
  result.columns.kind = nearest_kind(schema);
  const auto wanted = stac::initial_schema(result.columns.kind).columns;
  for (const auto& field : schema.fields) {
    const auto type = column_type(field);
    const auto ours = std::ranges::find(wanted, field.name, &Column::name);
    const bool foreign = ours == wanted.end() && (!type || result.columns.kind == SchemaKind::kItslive);
    if (ours != wanted.end() && ours->type != type) {
      return not_ours(fmt::format("column \"{}\" has type {}, not {}", field.name, iceberg::type_name(field.type),
                                  iceberg::type_name({.id = type_id(ours->type)})));
    }
    if (result.not_writable.empty()) result.not_writable = why_not_writable(field, foreign);
    if (!foreign) result.columns.columns.push_back(Column{.name = field.name, .type = *type});
  }
  for (const auto& column : wanted) {
    if (contains(result.columns.columns, column.name)) continue;
    const bool peer_lacks_it =
        result.columns.kind == SchemaKind::kItslive &&
        (column.name == "grid_primary" || column.name == "geometry_bbox" || column.name == "stac_extra");
    if (!peer_lacks_it) return not_ours(fmt::format("it has no column \"{}\"", column.name));
    result.missing.push_back(column);
  }
  result.columns.columns.insert(result.columns.columns.end(), result.missing.begin(), result.missing.end());
  return result;
}

Status check_writable(const RecognizedSchema& schema) {
  if (schema.not_writable.empty()) return {};
  return fail(ErrorKind::kUnsupported,
              "{}. Drop the column, or the rule, with the engine that made it (ALTER TABLE), or write to another "
              "table; what only reads the table or removes from it, such as `audit()` and `expire()`, works as ever",
              schema.not_writable);
}

std::string hash_index_uri(std::string_view warehouse) { return beside(warehouse, "_id_hashes.parquet"); }
std::string object_index_uri(std::string_view warehouse) { return beside(warehouse, "_objects"); }

}  // namespace earthcatalog::catalog
