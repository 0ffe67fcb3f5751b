// Matches delete files to the data files that they apply to (https://iceberg.apache.org/spec/#scan-planning).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

/// The position delete files of a snapshot, by partition. Not thread-safe while it grows.
class DeleteIndex {
 public:
  /// An entry of a manifest of delete files, with its statistics. kUnsupported names one that is no Parquet file of
  /// positions, and what to do about it.
  Status add(std::int32_t spec_id, const ManifestEntry& entry);
  bool empty() const { return deletes_.empty(); }
  /// Those that may name rows of a data file.
  std::vector<PositionDeletes> of(std::int32_t spec_id, const ManifestEntry& data_file) const;

 private:
  struct Entry {
    PositionDeletes file;
    std::int64_t sequence_number = 0;
    std::string only;  ///< the name, without its folder, of the one data file that it is about; empty: not known
  };
  std::map<std::pair<std::int32_t, PartitionKey>, std::vector<Entry>> deletes_;
};

/// Returns true when a delete file may name rows of a data file that lies in the same partition.
bool may_apply(const ManifestEntry& deletes, const ManifestEntry& data_file);

}  // namespace earthcatalog::iceberg
