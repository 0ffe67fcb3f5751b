#include "earthcatalog/write/partition.h"

namespace earthcatalog::write {

Bucket bucket_of(const grid::Partitioner& grid, const GroupKey& group) {
  Bucket bucket{.cell = grid.name(group.cell), .year = {}};
  if (group.year != kUnknownYear) bucket.year = group.year;
  return bucket;
}

Bucket bucket_of(const iceberg::PartitionKey& partition) {
  Bucket bucket{.cell = partition.cell.value_or(std::string(grid::kNoCellName)), .year = {}};
  if (partition.year_since_1970) bucket.year = *partition.year_since_1970 + 1970;
  return bucket;
}

iceberg::PartitionKey partition_of(const Bucket& bucket) {
  iceberg::PartitionKey partition{.cell = bucket.cell, .year_since_1970 = {}};
  if (bucket.year) partition.year_since_1970 = *bucket.year - 1970;
  return partition;
}

std::string year_name(std::optional<std::int32_t> year) { return year ? std::to_string(*year) : "unknown"; }

}  // namespace earthcatalog::write
