// The types of properties that the STAC specification and its extensions define, and which names can be columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/stac/schema.h"

namespace earthcatalog::stac {

/// The column type of a property of STAC common metadata or of a known extension whose value is a scalar, other than
/// plain text: whatever else is met under such a name goes to stac_extra. Nothing for an unknown name.
std::optional<ColumnType> known_property_type(std::string_view name);

/// Top-level members that have a column: id, geometry, assets, links, stac_version, type, stac_extensions,
/// collection, bbox. Every other column that is neither a row column nor stac_extra holds a property.
bool is_member_column(std::string_view name);

/// `name` as engines that ignore case compare it: two names with the same fold cannot both be columns. ASCII letters
/// are lowered; a run of other characters beyond ASCII counts as one, so that no case table is needed.
std::string fold_name(std::string_view name);

/// Returns true when a property of that name may get a column in the `auto` schema, collisions aside. Not: empty names,
/// those with control characters or of more than 255 bytes, those that begin with '_' (Iceberg's metadata columns),
/// "year" (a partition field and a folder key), and "geometry_bbox.…" (the name of a nested field).
bool can_be_column(std::string_view name);

}  // namespace earthcatalog::stac
