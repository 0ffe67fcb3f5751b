#include "earthcatalog/iceberg/manifest/delete_index_internal.h"
#include "earthcatalog/iceberg/manifest/file_filter_internal.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/iceberg/metadata/values.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {
namespace {

// Returns true when one of `wanted` can be among the values that `summary` describes. `read` turns a bound into a
// value, or nothing when it makes no sense; then everything can be.
template <class T, class Read>
bool may_hold(const std::set<std::optional<T>>& wanted, const PartitionFieldSummary& summary, Read read) {
  if (wanted.empty()) return true;
  if (wanted.contains(std::nullopt) && summary.contains_null) return true;
  if (!summary.lower_bound || !summary.upper_bound) {
    // Without bounds all values are null; a writer that leaves bounds out does not say that there are nulls.
    return !summary.contains_null && *wanted.rbegin() != std::nullopt;
  }
  const std::optional<T> lower = read(*summary.lower_bound), upper = read(*summary.upper_bound);
  if (!lower || !upper) return true;
  const auto first = wanted.lower_bound(lower);
  return first != wanted.end() && *first <= upper;
}

}  // namespace

bool FileFilter::matches(const PartitionKey& partition) const {
  return (cells.empty() || cells.contains(partition.cell)) &&
         (years_since_1970.empty() || years_since_1970.contains(partition.year_since_1970));
}

bool may_match(const FileFilter& filter, const ManifestFile& manifest, const PartitionLayout& layout) {
  if (manifest.partitions.size() <= std::max(layout.cell, layout.year)) return true;
  const auto text = [](const std::string& bytes) { return std::optional(bytes); };
  return may_hold<std::string>(filter.cells, manifest.partitions[layout.cell], text) &&
         may_hold<std::int32_t>(filter.years_since_1970, manifest.partitions[layout.year], deserialize_int);
}

Result<std::vector<ManifestFile>> Table::manifests(std::optional<std::int64_t> snapshot_id) const {
  const Snapshot* snapshot = snapshot_id ? metadata_->find_snapshot(*snapshot_id) : current_snapshot();
  if (snapshot == nullptr) {
    if (!snapshot_id) return std::vector<ManifestFile>();
    return fail(ErrorKind::kNotFound, "table {} has no snapshot {}", metadata_->location, *snapshot_id);
  }
  const std::string what = fmt::format("manifest list of snapshot {}", snapshot->snapshot_id);
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_immutable(*stores_, snapshot->manifest_list, what));
  return read_manifest_list(bytes, snapshot->manifest_list);
}

Result<const PartitionSpec*> Table::spec_of(const ManifestFile& manifest) const {
  const PartitionSpec* spec = metadata_->find_spec(manifest.partition_spec_id);
  if (spec != nullptr) return spec;
  return fail(ErrorKind::kInvalidData, "manifest {}: the table has no partition spec {}", manifest.manifest_path,
              manifest.partition_spec_id);
}

Status Table::read_entries(std::span<const ManifestFile> manifests, const ManifestReadOptions& options,
                           const std::function<Status(const ManifestFile&, ManifestEntry&&)>& visit) const {
  return read_manifests(*stores_, manifests, [&](const ManifestFile& manifest, const std::string& bytes) -> Status {
    EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(manifest));
    return read_manifest(bytes, manifest, *spec, options,
                         [&](ManifestEntry&& entry) { return visit(manifest, std::move(entry)); });
  });
}

Status Table::read_files(std::span<const ManifestFile> manifests, bool statistics,
                         const std::function<Status(DataFile&&)>& visit) const {
  return read_entries(manifests, {.statistics = statistics},
                      [&](const ManifestFile&, ManifestEntry&& entry) { return visit(std::move(entry.data_file)); });
}

// Manifests that may have files which the filter lets through, data files or delete files.
Result<std::vector<ManifestFile>> Table::matching(const std::vector<ManifestFile>& all, const FileFilter& filter,
                                                  ManifestContent content, ListFilesCounts& counts) const {
  std::vector<ManifestFile> found;
  for (const ManifestFile& manifest : all) {
    if (manifest.content != content || manifest.added_files_count + manifest.existing_files_count == 0) continue;
    EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(manifest));
    EC_ASSIGN_OR_RETURN(const PartitionLayout layout, partition_layout(*spec));
    const bool may = may_match(filter, manifest, layout);
    ++(may ? counts.manifests_read : counts.manifests_pruned);
    if (may) found.push_back(manifest);
  }
  return found;
}

Result<ListFilesCounts> Table::list_files(const ListFilesOptions& options,
                                          const std::function<Status(DataFile&&)>& visit) const {
  ListFilesCounts counts;
  EC_ASSIGN_OR_RETURN(const auto all, manifests(options.snapshot_id));
  EC_ASSIGN_OR_RETURN(const auto of_deletes, matching(all, options.filter, ManifestContent::kDeletes, counts));
  DeleteIndex deletes;
  EC_TRY(read_entries(of_deletes, {}, [&](const ManifestFile& manifest, ManifestEntry&& entry) -> Status {
    if (!options.filter.matches(entry.data_file.partition)) return {};
    return deletes.add(manifest.partition_spec_id, entry);
  }));
  EC_ASSIGN_OR_RETURN(const auto of_data, matching(all, options.filter, ManifestContent::kData, counts));
  const ManifestReadOptions reading{.statistics = options.statistics, .only_counts = options.only_counts};
  EC_TRY(read_entries(of_data, reading, [&](const ManifestFile& manifest, ManifestEntry&& entry) -> Status {
    if (!options.filter.matches(entry.data_file.partition)) return {};
    ++counts.files;
    if (!deletes.empty()) entry.data_file.deletes = deletes.of(manifest.partition_spec_id, entry);
    return visit(std::move(entry.data_file));
  }));
  return counts;
}

}  // namespace earthcatalog::iceberg
