#include <algorithm>
#include <map>

#include "earthcatalog/iceberg/manifest/manifest_merge_internal.h"

namespace earthcatalog::iceberg {
namespace {

using Group = std::vector<ManifestFile>;

// Groups of at most the target size, oldest manifests first; a larger manifest is a group by itself.
std::vector<Group> pack_from_oldest(const Group& newest_first, std::int64_t target_bytes) {
  std::vector<Group> groups;
  std::int64_t room = -1;
  for (auto manifest = newest_first.rbegin(); manifest != newest_first.rend(); ++manifest) {
    if (manifest->manifest_length > room) {
      groups.emplace_back();
      room = target_bytes;
    }
    groups.back().push_back(*manifest);
    room -= manifest->manifest_length;
  }
  std::ranges::reverse(groups);
  for (Group& group : groups) std::ranges::reverse(group);
  return groups;
}

}  // namespace

std::vector<Group> plan_merge(const std::vector<ManifestFile>& manifests, const MergeSettings& settings) {
  std::vector<Group> plan;
  std::map<std::int32_t, Group, std::greater<>> by_spec;
  for (const ManifestFile& manifest : manifests) {
    // Delete manifests are other engines': they are carried along.
    if (!settings.enabled || manifest.content == ManifestContent::kDeletes) {
      plan.push_back({manifest});
    } else {
      by_spec[manifest.partition_spec_id].push_back(manifest);
    }
  }
  for (const auto& [spec, group] : by_spec) {
    bool newest = true;
    for (Group& packed : pack_from_oldest(group, settings.target_bytes)) {
      if (newest && packed.size() < settings.min_count_to_merge) {
        for (ManifestFile& manifest : packed) plan.push_back({std::move(manifest)});
      } else {
        plan.push_back(std::move(packed));
      }
      newest = false;
    }
  }
  return plan;
}

}  // namespace earthcatalog::iceberg
