// A partition of the table by names, as paths and the object index spell it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::write {

struct Bucket {
  std::string cell;
  std::optional<std::int32_t> year;  ///< UTC calendar year
  auto operator<=>(const Bucket&) const = default;
};

Bucket bucket_of(const grid::Partitioner& grid, const GroupKey& group);
Bucket bucket_of(const iceberg::PartitionKey& partition);
iceberg::PartitionKey partition_of(const Bucket& bucket);

/// "2018", or "unknown".
std::string year_name(std::optional<std::int32_t> year);

}  // namespace earthcatalog::write
