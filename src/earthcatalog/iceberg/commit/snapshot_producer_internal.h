// The files of a new snapshot: manifests of added files, manifests that removed files were taken out of, merged ones,
// and the list of them all.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/commit/change_internal.h"
#include "earthcatalog/iceberg/commit/snapshot_summary_internal.h"
#include "earthcatalog/iceberg/metadata/random_internal.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

/// The partition spec of a manifest; kInvalidData when the table has none of its number.
Result<const PartitionSpec*> spec_of(const TableMetadata& metadata, const ManifestFile& manifest);

/// Writes the files of one snapshot. produce() is called once.
class SnapshotProducer {
 public:
  SnapshotProducer(const Change& change, storage::Stores& stores)
      : change_(change), stores_(stores), uuid_(random_uuid()) {}

  /// Writes what the snapshot on top of `base` needs. kConflict when a file to remove is not live there.
  Result<Snapshot> produce(const Table& base, std::int64_t timestamp_ms);

  /// Removes what was written and `kept` (a snapshot's manifest list; empty: none) does not name. Best effort.
  void clean_up(const Snapshot* kept);

 private:
  struct Rewritten {
    std::optional<ManifestFile> manifest;  ///< nothing: none of the files to remove is in it
    FileTotals removed;
    std::set<PartitionKey> partitions;
    std::set<std::string> paths;
  };

  Status write_added(const TableMetadata& base);
  Result<std::vector<ManifestFile>> without_removed(const TableMetadata& base, const std::vector<ManifestFile>& before);
  Result<Rewritten> rewrite(const TableMetadata& base, const ManifestFile& manifest);
  Status copy_without_removed(const PartitionSpec& spec, const ManifestFile& manifest, const std::string& bytes,
                              Rewritten& result);
  Status for_each_entry(const TableMetadata& base, const ManifestFile& manifest, bool statistics,
                        const std::set<PartitionKey>& partitions, const std::function<Status(ManifestEntry&&)>& visit);
  Status drop_dangling_deletes(const TableMetadata& base, std::vector<ManifestFile>& manifests);
  Status remove_deletes(const TableMetadata& base, const std::set<std::string>& paths, ManifestFile& manifest);
  Result<std::vector<ManifestFile>> merge(const TableMetadata& base, const std::vector<ManifestFile>& manifests);
  Result<ManifestFile> merge_group(const TableMetadata& base, const std::vector<ManifestFile>& group);
  Result<Properties> summarize(const Snapshot* parent, const std::vector<ManifestFile>& before) const;
  std::string next_manifest_uri();

  const Change& change_;
  storage::Stores& stores_;
  const std::string uuid_;  // in the names of all files
  std::string folder_;
  int manifests_written_ = 0;
  std::vector<std::string> written_;  // all objects

  std::vector<ManifestFile> added_manifests_;
  FileTotals added_, removed_;
  std::set<PartitionKey> added_partitions_, removed_partitions_;
  std::vector<ManifestFile> list_;  // of the snapshot
};

}  // namespace earthcatalog::iceberg
