#include <algorithm>
#include <array>

#include "earthcatalog/iceberg/commit/snapshot_removal_internal.h"
#include "earthcatalog/iceberg/metadata/json_internal.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::array kStatisticsMembers = {"statistics", "partition-statistics"};

// With a snapshot missing in its middle, the log would say that the one before had been current in its place: "When
// snapshots are expired from the list of valid snapshots, all entries before a snapshot that has expired should be
// removed" (https://iceberg.apache.org/spec/#table-metadata-fields, snapshot-log).
void cut_snapshot_log(TableMetadata& metadata) {
  auto& log = metadata.snapshot_log;
  const auto gone = std::ranges::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& entry) {
    return metadata.find_snapshot(entry.snapshot_id) == nullptr;
  });
  log.erase(log.begin(), gone.base());
}

bool is_of(const Json& statistics, const std::set<std::int64_t>& snapshots) {
  const auto snapshot = optional_long(statistics, "snapshot-id");
  return snapshot && *snapshot && snapshots.contains(**snapshot);
}

void remove_statistics(const std::set<std::int64_t>& gone, TableMetadata& metadata) {
  if (metadata.unknown.empty()) return;
  Json members = Json::parse(metadata.unknown, nullptr, false);
  for (const char* name : kStatisticsMembers) {
    const auto at = members.find(name);
    if (at == members.end() || !at->is_array()) continue;
    Json kept = Json::array();
    for (const Json& entry : *at) {
      if (!is_of(entry, gone)) kept.push_back(entry);
    }
    *at = std::move(kept);
  }
  metadata.unknown = dump(members);
}

}  // namespace

void remove_snapshots(const std::set<std::int64_t>& snapshot_ids, TableMetadata& metadata) {
  std::set<std::int64_t> gone = snapshot_ids;
  if (metadata.current_snapshot_id) gone.erase(*metadata.current_snapshot_id);
  for (const auto& [name, ref] : metadata.refs) gone.erase(ref.snapshot_id);
  const auto removed =
      std::erase_if(metadata.snapshots, [&](const Snapshot& snapshot) { return gone.contains(snapshot.snapshot_id); });
  if (removed == 0) return;
  cut_snapshot_log(metadata);
  remove_statistics(gone, metadata);
}

std::ptrdiff_t metadata_replaced_before(const std::vector<MetadataLogEntry>& log, std::int64_t timestamp_ms) {
  std::ptrdiff_t count = 0;
  while (count + 1 < std::ssize(log) && log[static_cast<std::size_t>(count) + 1].timestamp_ms < timestamp_ms) ++count;
  return count;
}

Result<std::vector<std::string>> statistics_files(const TableMetadata& metadata,
                                                  const std::set<std::int64_t>& without) {
  std::vector<std::string> files;
  if (metadata.unknown.empty()) return files;
  EC_ASSIGN_OR_RETURN(const Json members, parse_json(metadata.unknown));
  for (const char* name : kStatisticsMembers) {
    if (member(members, name) == nullptr) continue;
    EC_ASSIGN_OR_RETURN(const Json* entries, required_array(members, name));
    for (const Json& entry : *entries) {
      if (is_of(entry, without)) continue;
      EC_ASSIGN_OR_RETURN(std::string file, annotate(required_string(entry, "statistics-path"), name));
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace earthcatalog::iceberg
