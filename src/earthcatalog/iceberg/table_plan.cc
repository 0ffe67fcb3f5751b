// Table::scan_files(): files by a few of their facts, from decoded manifests that a cache keeps.
#include <algorithm>
#include <utility>

#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/storage/object_cache.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::string_view kKind = "manifest";

std::optional<std::string_view> view(const std::string* text) {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(*text);
}

// The filter, for texts that are not copied.
bool matches(const FileFilter& filter, const std::set<std::string, std::less<>>& cells, const FileFacts& file) {
  const auto cell = file.cell();
  const bool of_cell = filter.cells.empty() || (cell ? cells.contains(*cell) : filter.cells.contains(std::nullopt));
  return of_cell && (filter.years_since_1970.empty() || filter.years_since_1970.contains(file.year_since_1970()));
}

}  // namespace

std::optional<std::string_view> FileFacts::cell() const {
  if (flat_ != nullptr) return flat_->cell(number_);
  return view(file_->partition.cell ? &*file_->partition.cell : nullptr);
}

std::optional<std::int32_t> FileFacts::year_since_1970() const {
  return flat_ != nullptr ? flat_->year_since_1970(number_) : file_->partition.year_since_1970;
}

std::int64_t FileFacts::record_count() const {
  return flat_ != nullptr ? flat_->record_count(number_) : file_->record_count;
}

std::int64_t FileFacts::file_size_in_bytes() const {
  return flat_ != nullptr ? flat_->file_size_in_bytes(number_) : file_->file_size_in_bytes;
}

std::optional<std::string_view> FileFacts::lower_bound(int field) const {
  return flat_ != nullptr ? flat_->lower_bound(number_, field) : view(file_->lower_bounds.find(field));
}

std::optional<std::string_view> FileFacts::upper_bound(int field) const {
  return flat_ != nullptr ? flat_->upper_bound(number_, field) : view(file_->upper_bounds.find(field));
}

std::optional<std::int64_t> FileFacts::null_count(int field) const {
  if (flat_ != nullptr) return flat_->null_count(number_, field);
  const auto* const count = file_->null_value_counts.find(field);
  return count == nullptr ? std::nullopt : std::optional(*count);
}

DataFile FileFacts::take() const {
  if (flat_ == nullptr) {
    auto file = std::move(*file_);
    file.lower_bounds = {}, file.upper_bounds = {};
    file.column_sizes = {}, file.value_counts = {}, file.null_value_counts = {}, file.nan_value_counts = {};
    return file;
  }
  DataFile file;
  file.file_path = flat_->file_path(number_);
  if (const auto cell = flat_->cell(number_)) file.partition.cell = *cell;
  file.partition.year_since_1970 = flat_->year_since_1970(number_);
  file.record_count = flat_->record_count(number_);
  file.file_size_in_bytes = flat_->file_size_in_bytes(number_);
  return file;
}

std::optional<FlatManifest> Table::cached(const ManifestFile& manifest, std::span<const int> fields) const {
  const auto& cache = *stores_->settings().cache;
  auto entry = cache.find(kKind, manifest.manifest_path);
  if (entry == nullptr) return std::nullopt;
  auto flat = FlatManifest::open(entry->bytes(), entry, fields);
  if (!flat) cache.forget(kKind, manifest.manifest_path);
  return flat;
}

// In the order of `manifests`: those that are cached one by one, runs of others side by side.
Status Table::scan_manifests(std::span<const ManifestFile> manifests, const ScanFilesOptions& options,
                             const std::function<Status(const FlatManifest&)>& visit) const {
  std::vector<std::optional<FlatManifest>> found;
  for (const auto& manifest : manifests) found.push_back(cached(manifest, options.fields));
  for (std::size_t i = 0; i < manifests.size();) {
    if (found[i]) {
      EC_TRY(visit(*found[i++]));
      continue;
    }
    const auto next = std::find_if(found.begin() + static_cast<std::ptrdiff_t>(i), found.end(),
                                   [](const auto& flat) { return flat.has_value(); });
    const auto absent = manifests.subspan(i, static_cast<std::size_t>(next - found.begin()) - i);
    EC_TRY(read_manifests(*stores_, absent, [&](const ManifestFile& manifest, const std::string& bytes) -> Status {
      EC_ASSIGN_OR_RETURN(const PartitionSpec* spec, spec_of(manifest));
      std::vector<DataFile> files;
      EC_TRY(read_manifest(bytes, manifest, *spec, {}, [&](ManifestEntry&& entry) -> Status {
        files.push_back(std::move(entry.data_file));
        return {};
      }));
      const auto flat = std::make_shared<const std::string>(FlatManifest::encode(files));
      if (storage::is_write_once(manifest.manifest_path)) {
        stores_->settings().cache->keep(kKind, manifest.manifest_path, *flat);
      }
      return visit(*FlatManifest::open(*flat, flat, options.fields));
    }));
    i += absent.size();
  }
  return {};
}

Result<ListFilesCounts> Table::scan_files(const ScanFilesOptions& options,
                                          const std::function<Status(const FileFacts&)>& visit) const {
  ListFilesCounts counts;
  EC_ASSIGN_OR_RETURN(const auto all, manifests(options.snapshot_id));
  EC_ASSIGN_OR_RETURN(const auto of_deletes, matching(all, options.filter, ManifestContent::kDeletes, counts));
  if (stores_->settings().cache == nullptr || !of_deletes.empty()) {  // deletes go by what entries say besides
    return list_files({.filter = options.filter, .snapshot_id = options.snapshot_id},
                      [&](DataFile&& file) { return visit(FileFacts(file)); });
  }
  EC_ASSIGN_OR_RETURN(const auto of_data, matching(all, options.filter, ManifestContent::kData, counts));
  std::set<std::string, std::less<>> cells;
  for (const auto& cell : options.filter.cells) {
    if (cell) cells.insert(*cell);
  }
  EC_TRY(scan_manifests(of_data, options, [&](const FlatManifest& manifest) -> Status {
    for (std::size_t i = 0; i < manifest.size(); ++i) {
      const FileFacts file(manifest, i);
      if (!matches(options.filter, cells, file)) continue;
      ++counts.files;
      EC_TRY(visit(file));
    }
    return {};
  }));
  return counts;
}

}  // namespace earthcatalog::iceberg
