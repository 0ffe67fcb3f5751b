// Writing manifests into a table's metadata folder, one after the other, cut at a size.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::iceberg {

inline constexpr std::int64_t kNoSizeLimit = INT64_MAX;

struct RollingManifestOptions {
  storage::Stores* stores = nullptr;
  const Schema* schema = nullptr;
  const PartitionSpec* spec = nullptr;
  ManifestContent content = ManifestContent::kData;
  std::int64_t snapshot_id = 0;              ///< added_snapshot_id of the lines
  std::int64_t target_bytes = kNoSizeLimit;  ///< a manifest is closed when it has as many
  std::function<std::string()> next_uri;     ///< of the next manifest
};

class RollingManifestWriter {
 public:
  explicit RollingManifestWriter(RollingManifestOptions options) : options_(std::move(options)) {}
  Status add(const ManifestEntry& entry);
  /// The lines of all manifests written.
  Result<std::vector<ManifestFile>> finish();

 private:
  Status close();

  RollingManifestOptions options_;
  std::optional<ManifestWriter> writer_;
  std::vector<ManifestFile> finished_;
};

/// Puts files of one partition side by side, so that the manifests that they are cut into have narrow ranges.
void sort_by_partition(std::vector<DataFile>& files);

}  // namespace earthcatalog::iceberg
