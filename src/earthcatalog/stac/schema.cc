#include "earthcatalog/stac/schema.h"

#include <set>

#include "earthcatalog/stac/read/known_properties.h"

namespace earthcatalog::stac {
namespace {

using enum ColumnType;

const std::vector<Column> kItsliveColumns = {
    {"id", kString},
    {"grid_partition", kString},
    {"geometry", kBinary},
    {"datetime", kTimestamp},
    {"platform", kString},
    {"percent_valid_pixels", kLong},
    {"date_dt", kLong},
    {"proj:code", kString},
    {"assets", kString},
    {"links", kString},
    {"stac_version", kString},
    {"type", kString},
    {"start_datetime", kTimestamp},
    {"version", kString},
    {"sat:orbit_state", kString},
    {"scene_1_id", kString},
    {"scene_2_id", kString},
    {"scene_1_frame", kString},
    {"scene_2_frame", kString},
    {"mid_datetime", kString},
    {"created", kTimestamp},
    {"updated", kTimestamp},
    {"end_datetime", kTimestamp},
    {"stac_extensions", kString},
    {"collection", kString},
    {"latitude", kDouble},
    {"longitude", kDouble},
    {"bbox", kString},
};

const std::vector<Column> kCoreColumns = {
    {"id", kString},
    {"grid_partition", kString},
    {"geometry", kBinary},
    {"datetime", kTimestamp},
    {"platform", kString},
    {"assets", kString},
    {"links", kString},
    {"stac_version", kString},
    {"type", kString},
    {"start_datetime", kTimestamp},
    {"created", kTimestamp},
    {"updated", kTimestamp},
    {"end_datetime", kTimestamp},
    {"stac_extensions", kString},
    {"collection", kString},
    {"bbox", kString},
};

ColumnType type_of(std::string_view name, const PropertyKinds& kinds) {
  if (const auto known = known_property_type(name)) return *known;
  if (kinds.number) return kDouble;
  return kinds.boolean ? kBoolean : kString;
}

}  // namespace

bool is_row_column(std::string_view name) {
  return name == "grid_partition" || name == "grid_primary" || name == "geometry_bbox";
}

ItemSchema initial_schema(SchemaKind kind) {
  ItemSchema schema{.kind = kind, .columns = kind == SchemaKind::kItslive ? kItsliveColumns : kCoreColumns};
  schema.columns.push_back({"grid_primary", kBoolean});
  schema.columns.push_back({"geometry_bbox", kBbox});
  schema.columns.push_back({"stac_extra", kString});
  return schema;
}

void PropertyKinds::merge(const PropertyKinds& other) {
  number |= other.number;
  boolean |= other.boolean;
  string |= other.string;
}

ItemSchema evolve(const ItemSchema& schema, const ObservedProperties& observed, std::size_t max_columns) {
  ItemSchema result = schema;
  if (schema.kind == SchemaKind::kItslive) return result;
  std::set<std::string> taken;
  for (const Column& column : schema.columns) taken.insert(fold_name(column.name));
  for (const auto& [name, kinds] : observed) {
    if (result.columns.size() >= max_columns) break;
    if (!kinds.number && !kinds.boolean && !kinds.string) continue;
    if (!can_be_column(name) || !taken.insert(fold_name(name)).second) continue;
    result.columns.push_back({name, type_of(name, kinds)});
  }
  return result;
}

}  // namespace earthcatalog::stac
