// What a manifest says of one data file (https://iceberg.apache.org/spec/#manifests, data_file).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace earthcatalog::iceberg {

/// Values of the partition fields identity(grid_partition), year(datetime). Nothing is Iceberg's null.
struct PartitionKey {
  std::optional<std::string> cell;
  std::optional<std::int32_t> year_since_1970;
  auto operator<=>(const PartitionKey&) const = default;
};

struct DataFile {
  std::string file_path;  ///< full URI
  PartitionKey partition;
  std::int64_t record_count = 0;
  std::int64_t file_size_in_bytes = 0;
  // By field id. Bounds in Iceberg's single-value binary serialization
  // (https://iceberg.apache.org/spec/#binary-single-value-serialization).
  std::map<int, std::int64_t> column_sizes, value_counts, null_value_counts, nan_value_counts;
  std::map<int, std::string> lower_bounds, upper_bounds;
  std::vector<std::int64_t> split_offsets;
};

}  // namespace earthcatalog::iceberg
