// Partition specs (https://iceberg.apache.org/spec/#partition-specs). Ours has two fields, and only tables partitioned
// so are written or scanned: identity(grid_partition) and year(datetime).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

struct PartitionField {
  std::int32_t source_id = 0;
  std::int32_t field_id = 0;  ///< from 1000
  std::string name = {};
  std::string transform = {};
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  std::int32_t spec_id = 0;
  std::vector<PartitionField> fields = {};
  bool operator==(const PartitionSpec&) const = default;
};

inline constexpr std::int32_t kFirstPartitionFieldId = 1000;

/// identity(grid_partition) named "grid_partition", year(datetime) named "year", ids 1000 and 1001. kInvalidArgument
/// when `schema` lacks one of the columns or has it with another type than string and timestamp(tz).
Result<PartitionSpec> grid_partition_spec(const Schema& schema);

/// The places of PartitionKey's two values in a spec.
struct PartitionLayout {
  std::size_t cell = 0, year = 1;  ///< positions in PartitionSpec::fields
};

/// kUnsupported, with what is different, unless `spec` has exactly one identity and one year field.
Result<PartitionLayout> partition_layout(const PartitionSpec& spec);

}  // namespace earthcatalog::iceberg
