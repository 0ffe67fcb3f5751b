// Delete files that apply to no live data file any more, because a commit removed the data files that they were about.
#include <set>

#include "earthcatalog/iceberg/commit/snapshot_producer_internal.h"
#include "earthcatalog/iceberg/manifest/delete_index_internal.h"
#include "earthcatalog/iceberg/manifest/file_filter_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_files_internal.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"

namespace earthcatalog::iceberg {
namespace {

using Partition = std::pair<std::int32_t, PartitionKey>;  // of a spec
using Entries = std::map<Partition, std::vector<ManifestEntry>>;

bool has_deletes(const ManifestFile& manifest) {
  return manifest.content == ManifestContent::kDeletes &&
         manifest.added_files_count + manifest.existing_files_count > 0;
}

FileFilter filter_of(const std::set<PartitionKey>& partitions) {
  FileFilter filter;
  for (const auto& partition : partitions) {
    filter.cells.insert(partition.cell);
    filter.years_since_1970.insert(partition.year_since_1970);
  }
  return filter;
}

}  // namespace

// Calls `visit` for each live entry of a manifest that lies in one of the partitions.
Status SnapshotProducer::for_each_entry(const TableMetadata& base, const ManifestFile& manifest, bool statistics,
                                        const std::set<PartitionKey>& partitions,
                                        const std::function<Status(ManifestEntry&&)>& visit) {
  EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(base, manifest));
  EC_ASSIGN_OR_RETURN(const PartitionLayout layout, partition_layout(*spec));
  if (!may_match(filter_of(partitions), manifest, layout)) return {};
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_object(stores_, manifest.manifest_path, "manifest"));
  return read_manifest(bytes, manifest, *spec, {.statistics = statistics}, [&](ManifestEntry&& entry) -> Status {
    return partitions.contains(entry.data_file.partition) ? visit(std::move(entry)) : Status{};
  });
}

// `manifests`: those of the new snapshot but for what it adds, which no older delete file applies to. Only partitions
// that lost data files are looked at.
Status SnapshotProducer::drop_dangling_deletes(const TableMetadata& base, std::vector<ManifestFile>& manifests) {
  Entries deletes;
  for (const ManifestFile& manifest : manifests) {
    if (!has_deletes(manifest)) continue;
    EC_TRY(for_each_entry(base, manifest, true, removed_partitions_, [&](ManifestEntry&& entry) -> Status {
      deletes[{manifest.partition_spec_id, entry.data_file.partition}].push_back(std::move(entry));
      return {};
    }));
  }
  if (deletes.empty()) return {};
  std::set<PartitionKey> partitions;
  for (const auto& [partition, entries] : deletes) partitions.insert(partition.second);
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kData) continue;
    EC_TRY(for_each_entry(base, manifest, false, partitions, [&](ManifestEntry&& entry) -> Status {
      const auto at = deletes.find({manifest.partition_spec_id, entry.data_file.partition});
      if (at == deletes.end()) return {};
      std::erase_if(at->second, [&](const ManifestEntry& candidate) { return may_apply(candidate, entry); });
      return {};
    }));
  }
  std::set<std::string> dangling;
  for (const auto& [partition, entries] : deletes) {
    for (const auto& entry : entries) dangling.insert(entry.data_file.file_path);
  }
  for (ManifestFile& manifest : manifests) {
    if (has_deletes(manifest) && !dangling.empty()) EC_TRY(remove_deletes(base, dangling, manifest));
  }
  return {};
}

// Puts a manifest without the delete files in place of `manifest`, if it has one of them.
Status SnapshotProducer::remove_deletes(const TableMetadata& base, const std::set<std::string>& paths,
                                        ManifestFile& manifest) {
  EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(base, manifest));
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_object(stores_, manifest.manifest_path, "manifest"));
  std::vector<ManifestEntry> entries;
  bool changes = false;
  EC_TRY(read_manifest(bytes, manifest, *spec, {}, [&](ManifestEntry&& entry) -> Status {
    const bool goes = paths.contains(entry.data_file.file_path);
    entry.status = goes ? ManifestStatus::kDeleted : ManifestStatus::kExisting;
    if (goes) {
      entry.snapshot_id = change_.snapshot_id;
      removed_.add(entry.data_file);
      changes = true;
    }
    entries.push_back(std::move(entry));
    return {};
  }));
  if (!changes) return {};
  RollingManifestWriter writer({.stores = &stores_,
                                .schema = &change_.schema,
                                .spec = spec,
                                .content = ManifestContent::kDeletes,
                                .snapshot_id = change_.snapshot_id,
                                .next_uri = [this] { return next_manifest_uri(); }});
  for (const auto& entry : entries) EC_TRY(writer.add(entry));
  EC_ASSIGN_OR_RETURN(auto written, writer.finish());
  manifest = std::move(written.front());
  return {};
}

}  // namespace earthcatalog::iceberg
