// A partition of the table by names, as paths and the object index spell it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::write {

struct Partition {
  std::string cell;
  std::optional<std::int32_t> year;  ///< UTC calendar year
  auto operator<=>(const Partition&) const = default;
};

Partition partition_of(const grid::Partitioner& grid, const CellYear& group);
Partition partition_of(const iceberg::PartitionKey& partition);
iceberg::PartitionKey partition_key(const Partition& partition);

/// "2018", or "unknown".
std::string year_name(std::optional<std::int32_t> year);

}  // namespace earthcatalog::write
