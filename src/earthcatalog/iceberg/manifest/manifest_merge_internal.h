// Plans the merging of manifests, so that they stay few at a bounded cost (docs/format/iceberg.md, "Manifests").
#pragma once

#include <vector>

#include "earthcatalog/iceberg/manifest/manifest.h"

namespace earthcatalog::iceberg {

struct MergeSettings {
  bool enabled = true;                   ///< commit.manifest-merge.enabled
  std::int64_t target_bytes = 8 << 20;   ///< commit.manifest.target-size-bytes
  std::size_t min_count_to_merge = 100;  ///< commit.manifest.min-count-to-merge
};

/// Cuts `manifests` (newest first) into groups, in order: a group of several is to become one manifest. Groups are
/// filled from the oldest manifest on; the one with the newest manifest is left alone while it is small.
std::vector<std::vector<ManifestFile>> plan_merge(const std::vector<ManifestFile>& manifests,
                                                  const MergeSettings& settings);

}  // namespace earthcatalog::iceberg
