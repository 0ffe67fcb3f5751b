// The columns of a table of STAC items: which there are, in which order, of which type.
//
// `itslive` is fixed: the 28 columns of the ITS_LIVE catalog and three of ours. `auto` has the core columns and those
// three, and grows one column for each property that items turn out to have. See docs/format/warehouse_format.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace arrow {
class Schema;
}

namespace earthcatalog::stac {

enum class ColumnType : std::uint8_t {
  kString,
  kBinary,
  kBoolean,
  kLong,
  kDouble,
  kTimestamp,  ///< microseconds, UTC
  kBbox,       ///< struct<xmin, ymin, xmax, ymax: double>
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::kString;
  bool operator==(const Column&) const = default;
};

enum class SchemaKind : std::uint8_t { kItslive, kAuto };

struct ItemSchema {
  SchemaKind kind = SchemaKind::kItslive;
  std::vector<Column> columns;  ///< all columns of a row, those of the grid included
  bool operator==(const ItemSchema&) const = default;
};

/// The columns that a row has besides its item's: grid_partition, grid_primary, geometry_bbox.
bool is_row_column(std::string_view name);

/// Returns the schema that a new table of that kind starts with.
ItemSchema initial_schema(SchemaKind kind);

/// The JSON types a property was met with, by property name (auto schema).
struct PropertyKinds {
  bool number = false, boolean = false, string = false;
  void merge(const PropertyKinds& other);
  bool operator==(const PropertyKinds&) const = default;
};
using ObservedProperties = std::map<std::string, PropertyKinds, std::less<>>;

/// `schema` with a column appended for each observed property that has none and can have one, in bytewise name order,
/// never more than `max_columns` in all: the type of STAC common metadata and known extensions, else double if any
/// number was met, else boolean, else string. The same whatever the order of arrival.
ItemSchema evolve(const ItemSchema& schema, const ObservedProperties& observed, std::size_t max_columns);

/// The Arrow schema of whole rows, in column order, without metadata.
std::shared_ptr<arrow::Schema> arrow_schema(const ItemSchema& schema);

}  // namespace earthcatalog::stac
