#include <algorithm>

#include "earthcatalog/iceberg/manifest/manifest_files_internal.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"

namespace earthcatalog::iceberg {

Status RollingManifestWriter::add(const ManifestEntry& entry) {
  if (!writer_) {
    EC_ASSIGN_OR_RETURN(
        auto writer,
        ManifestWriter::make({.schema = options_.schema, .spec = options_.spec, .content = options_.content}));
    writer_ = std::move(writer);
  }
  EC_TRY(writer_->add(entry));
  return writer_->bytes() >= options_.target_bytes ? close() : Status();
}

Status RollingManifestWriter::close() {
  if (!writer_) return {};
  ManifestWriter::Finished manifest = writer_->finish();
  writer_.reset();
  manifest.file.manifest_path = options_.next_uri();
  manifest.file.added_snapshot_id = options_.snapshot_id;
  EC_TRY(write_object(*options_.stores, manifest.file.manifest_path, manifest.bytes));
  finished_.push_back(std::move(manifest.file));
  return {};
}

Result<std::vector<ManifestFile>> RollingManifestWriter::finish() {
  EC_TRY(close());
  return std::move(finished_);
}

void sort_by_partition(std::vector<DataFile>& files) { std::ranges::stable_sort(files, {}, &DataFile::partition); }

}  // namespace earthcatalog::iceberg
