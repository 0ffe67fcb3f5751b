#include <algorithm>

#include "earthcatalog/iceberg/commit/snapshot_producer_internal.h"
#include "earthcatalog/iceberg/commit/snapshot_summary_internal.h"
#include "earthcatalog/iceberg/manifest/file_filter_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_files_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_merge_internal.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::iceberg {
namespace {

MergeSettings merge_settings(const TableMetadata& metadata) {
  const MergeSettings defaults;
  return {.enabled = metadata.property("commit.manifest-merge.enabled").value_or("true") != "false",
          .target_bytes = metadata.property_as_int("commit.manifest.target-size-bytes", defaults.target_bytes),
          .min_count_to_merge = static_cast<std::size_t>(std::max<std::int64_t>(
              2, metadata.property_as_int("commit.manifest.min-count-to-merge",
                                          static_cast<std::int64_t>(defaults.min_count_to_merge))))};
}

bool has_live_files(const ManifestFile& manifest) {
  return manifest.added_files_count + manifest.existing_files_count > 0;
}

}  // namespace

Result<const PartitionSpec*> spec_of(const TableMetadata& metadata, const ManifestFile& manifest) {
  const PartitionSpec* spec = metadata.find_spec(manifest.partition_spec_id);
  if (spec != nullptr) return spec;
  return fail(ErrorKind::kInvalidData, "manifest {}: the table has no partition spec {}", manifest.manifest_path,
              manifest.partition_spec_id);
}

Result<Snapshot> SnapshotProducer::produce(const Table& base, std::int64_t timestamp_ms) {
  const TableMetadata& metadata = base.metadata();
  folder_ = metadata_folder(metadata);
  EC_TRY(write_added(metadata));
  EC_ASSIGN_OR_RETURN(const std::vector<ManifestFile> before, base.manifests());
  EC_ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, without_removed(metadata, before));
  manifests.insert(manifests.begin(), added_manifests_.begin(), added_manifests_.end());
  EC_ASSIGN_OR_RETURN(manifests, merge(metadata, manifests));

  const Snapshot* parent = metadata.current_snapshot();
  Snapshot snapshot;
  snapshot.snapshot_id = change_.snapshot_id;
  if (parent != nullptr) snapshot.parent_snapshot_id = parent->snapshot_id;
  snapshot.sequence_number = metadata.last_sequence_number + 1;
  snapshot.timestamp_ms = timestamp_ms;
  snapshot.schema_id = change_.evolves_schema() ? change_.schema.schema_id : metadata.current_schema_id;
  for (ManifestFile& manifest : manifests) {
    for (auto* number : {&manifest.sequence_number, &manifest.min_sequence_number}) {
      if (*number == kUnassignedSequenceNumber) *number = snapshot.sequence_number;
    }
  }
  list_ = std::move(manifests);
  EC_ASSIGN_OR_RETURN(snapshot.summary, summarize(parent, before));
  snapshot.manifest_list = storage::join_uri(folder_, fmt::format("snap-{}-0-{}.avro", snapshot.snapshot_id, uuid_));
  written_.push_back(snapshot.manifest_list);
  EC_TRY(write_object(stores_, snapshot.manifest_list,
                      write_manifest_list({.snapshot_id = snapshot.snapshot_id,
                                           .parent_snapshot_id = snapshot.parent_snapshot_id,
                                           .sequence_number = snapshot.sequence_number},
                                          list_)));
  return snapshot;
}

std::string SnapshotProducer::next_manifest_uri() {
  std::string uri = storage::join_uri(folder_, fmt::format("{}-m{}.avro", uuid_, manifests_written_++));
  written_.push_back(uri);
  return uri;
}

Result<Properties> SnapshotProducer::summarize(const Snapshot* parent, const std::vector<ManifestFile>& before) const {
  EC_ASSIGN_OR_RETURN(const std::string_view operation, operation_of(change_, added_, removed_));
  std::set<PartitionKey> changed = added_partitions_;
  changed.insert(removed_partitions_.begin(), removed_partitions_.end());
  return make_summary({.operation = operation,
                       .extra = &change_.summary,
                       .added = added_,
                       .removed = removed_,
                       .changed_partitions = changed.size(),
                       .parent = parent,
                       .before = &before,
                       .after = &list_});
}

Status SnapshotProducer::write_added(const TableMetadata& base) {
  RollingManifestWriter writer({.stores = &stores_,
                                .schema = &change_.schema,
                                .spec = &base.default_spec(),
                                .snapshot_id = change_.snapshot_id,
                                .target_bytes = merge_settings(base).target_bytes,
                                .next_uri = [this] { return next_manifest_uri(); }});
  for (const DataFile& file : change_.added) {
    ManifestEntry entry;
    entry.snapshot_id = change_.snapshot_id;
    entry.data_file = file;
    EC_TRY(writer.add(entry));
    added_.add(file);
    added_partitions_.insert(file.partition);
  }
  EC_ASSIGN_OR_RETURN(added_manifests_, writer.finish());
  return {};
}

Result<std::vector<ManifestFile>> SnapshotProducer::without_removed(const TableMetadata& base,
                                                                    const std::vector<ManifestFile>& before) {
  FileFilter filter;
  for (const auto& [path, partition] : change_.removed) {
    filter.cells.insert(partition.cell);
    filter.years_since_1970.insert(partition.year_since_1970);
  }
  std::set<std::string> missing;
  for (const auto& [path, partition] : change_.removed) missing.insert(path);
  std::vector<ManifestFile> after;
  for (const ManifestFile& manifest : before) {
    if (!has_live_files(manifest)) continue;
    if (missing.empty() || manifest.content == ManifestContent::kDeletes) {
      after.push_back(manifest);
      continue;
    }
    EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(base, manifest));
    EC_ASSIGN_OR_RETURN(const PartitionLayout layout, partition_layout(*spec));
    if (!may_match(filter, manifest, layout)) {
      after.push_back(manifest);
      continue;
    }
    EC_ASSIGN_OR_RETURN(const Rewritten rewritten, rewrite(base, manifest));
    after.push_back(rewritten.manifest.value_or(manifest));
    removed_.add(rewritten.removed);
    removed_partitions_.insert(rewritten.partitions.begin(), rewritten.partitions.end());
    for (const std::string& path : rewritten.paths) missing.erase(path);
  }
  if (missing.empty()) {
    if (!removed_partitions_.empty()) EC_TRY(drop_dangling_deletes(base, after));
    return after;
  }
  return fail(ErrorKind::kConflict, "{} to be replaced is not in the table any more: another commit removed it",
              *missing.begin());
}

Result<SnapshotProducer::Rewritten> SnapshotProducer::rewrite(const TableMetadata& base, const ManifestFile& manifest) {
  EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(base, manifest));
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_object(stores_, manifest.manifest_path, "manifest"));
  Rewritten result;
  EC_TRY(read_manifest(bytes, manifest, *spec, {.statistics = false}, [&](ManifestEntry&& entry) -> Status {
    auto key = storage::place_key(entry.data_file.file_path);
    if (!change_.removed.contains(key)) return {};
    result.removed.add(entry.data_file);
    result.partitions.insert(entry.data_file.partition);
    result.paths.insert(std::move(key));
    return {};
  }));
  if (!result.paths.empty()) EC_TRY(copy_without_removed(*spec, manifest, bytes, result));
  return result;
}

Status SnapshotProducer::copy_without_removed(const PartitionSpec& spec, const ManifestFile& manifest,
                                              const std::string& bytes, Rewritten& result) {
  RollingManifestWriter writer({.stores = &stores_,
                                .schema = &change_.schema,
                                .spec = &spec,
                                .snapshot_id = change_.snapshot_id,
                                .next_uri = [this] { return next_manifest_uri(); }});
  const auto copy = [&](ManifestEntry&& entry) {
    if (result.paths.contains(storage::place_key(entry.data_file.file_path))) {
      entry.status = ManifestStatus::kDeleted;
      entry.snapshot_id = change_.snapshot_id;
    } else {
      entry.status = ManifestStatus::kExisting;
    }
    return writer.add(entry);
  };
  EC_TRY(read_manifest(bytes, manifest, spec, {}, copy));
  EC_ASSIGN_OR_RETURN(auto manifests, writer.finish());
  result.manifest = std::move(manifests.front());
  return {};
}

Result<std::vector<ManifestFile>> SnapshotProducer::merge(const TableMetadata& base,
                                                          const std::vector<ManifestFile>& manifests) {
  std::vector<ManifestFile> merged;
  for (const auto& group : plan_merge(manifests, merge_settings(base))) {
    if (group.size() == 1) {
      merged.push_back(group.front());
      continue;
    }
    EC_ASSIGN_OR_RETURN(ManifestFile manifest, merge_group(base, group));
    merged.push_back(std::move(manifest));
  }
  return merged;
}

Result<ManifestFile> SnapshotProducer::merge_group(const TableMetadata& base, const std::vector<ManifestFile>& group) {
  EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(base, group.front()));
  RollingManifestWriter writer({.stores = &stores_,
                                .schema = &change_.schema,
                                .spec = spec,
                                .snapshot_id = change_.snapshot_id,
                                .next_uri = [this] { return next_manifest_uri(); }});
  const auto copy = [&](ManifestEntry&& entry) -> Status {
    const bool ours = entry.snapshot_id == change_.snapshot_id;
    if (entry.status == ManifestStatus::kDeleted && !ours) return {};
    if (entry.status == ManifestStatus::kAdded && ours) {
      entry.sequence_number = entry.file_sequence_number = std::nullopt;  // known when the commit succeeds
    } else if (entry.status == ManifestStatus::kAdded) {
      entry.status = ManifestStatus::kExisting;
    }
    return writer.add(entry);
  };
  EC_TRY(read_manifests(stores_, group, [&](const ManifestFile& manifest, const std::string& bytes) {
    return read_manifest(bytes, manifest, *spec, {.live_only = false}, copy);
  }));
  EC_ASSIGN_OR_RETURN(auto manifests, writer.finish());
  return std::move(manifests.front());
}

void SnapshotProducer::clean_up(const Snapshot* kept) {
  std::set<std::string> needed;
  if (kept != nullptr) {
    needed.insert(kept->manifest_list);
    for (const ManifestFile& manifest : list_) needed.insert(manifest.manifest_path);
  }
  std::erase_if(written_, [&](const std::string& uri) { return needed.contains(uri); });
  static_cast<void>(remove_objects(stores_, written_));
  written_.clear();
}

}  // namespace earthcatalog::iceberg
