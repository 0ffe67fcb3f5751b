#include "earthcatalog/write/partition.h"

namespace earthcatalog::write {

Partition partition_of(const grid::Partitioner& grid, const CellYear& group) {
  Partition partition{.cell = grid.name(group.cell), .year = {}};
  if (group.year != kUnknownYear) partition.year = group.year;
  return partition;
}

Partition partition_of(const iceberg::PartitionKey& key) {
  Partition partition{.cell = key.cell.value_or(std::string(grid::kNoCellName)), .year = {}};
  if (key.year_since_1970) partition.year = *key.year_since_1970 + 1970;
  return partition;
}

iceberg::PartitionKey partition_key(const Partition& partition) {
  iceberg::PartitionKey key{.cell = partition.cell, .year_since_1970 = {}};
  if (partition.year) key.year_since_1970 = *partition.year - 1970;
  return key;
}

std::string year_name(std::optional<std::int32_t> year) { return year ? std::to_string(*year) : "unknown"; }

}  // namespace earthcatalog::write
