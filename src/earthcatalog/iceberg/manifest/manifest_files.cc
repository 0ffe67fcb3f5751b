#include <algorithm>

#include "earthcatalog/iceberg/commit/transaction.h"
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

Result<std::vector<ManifestFile>> write_added_files(const Table& table, const Schema& schema,
                                                    std::vector<DataFile> files, const std::string& name,
                                                    std::int64_t target_bytes) {
  sort_by_partition(files);
  const std::string folder = metadata_folder(table.metadata());
  int count = 0;
  RollingManifestWriter writer(
      {.stores = &table.stores(),
       .schema = &schema,
       .spec = &table.metadata().default_spec(),
       .snapshot_id = 0,
       .target_bytes = target_bytes,
       .next_uri = [&] { return storage::join_uri(folder, fmt::format("{}-m{}.avro", name, count++)); }});
  for (DataFile& file : files) {
    ManifestEntry entry;  // snapshot and sequence number are inherited from the list that will name the manifest
    entry.data_file = std::move(file);
    EC_TRY(writer.add(entry));
  }
  return writer.finish();
}

}  // namespace earthcatalog::iceberg
