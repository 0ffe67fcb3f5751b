#include "earthcatalog/backfill/staging/file_list.h"

#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::backfill {

Result<std::string> write_file_list(const TableSchema& schema, const FileList& files) {
  EC_ASSIGN_OR_RETURN(const auto table_schema, iceberg_schema(schema));
  EC_ASSIGN_OR_RETURN(const auto partitioning, iceberg::grid_partition_spec(table_schema));
  EC_ASSIGN_OR_RETURN(auto manifest, iceberg::ManifestWriter::make({.schema = &table_schema, .spec = &partitioning}));
  for (const auto& file : files.added) {
    EC_TRY(manifest.add({.status = iceberg::ManifestStatus::kAdded,
                         .snapshot_id = {},
                         .sequence_number = {},
                         .file_sequence_number = {},
                         .data_file = file}));
  }
  for (const auto& file : files.removed) {  // the numbers are never looked at, but only added files may lack them
    EC_TRY(manifest.add({.status = iceberg::ManifestStatus::kDeleted,
                         .snapshot_id = 0,
                         .sequence_number = 0,
                         .file_sequence_number = 0,
                         .data_file = file}));
  }
  return manifest.finish().bytes;
}

Result<FileList> read_file_list(const Staging& staging, const std::string& uri, const TableSchema& schema) {
  EC_ASSIGN_OR_RETURN(const auto table_schema, iceberg_schema(schema));
  EC_ASSIGN_OR_RETURN(const auto partitioning, iceberg::grid_partition_spec(table_schema));
  EC_ASSIGN_OR_RETURN(const auto bytes, staging.read(uri));
  if (!bytes) return fail(ErrorKind::kNotFound, "{} is gone; run again", uri);
  iceberg::ManifestFile line;
  line.manifest_path = uri;
  FileList files;
  EC_TRY(iceberg::read_manifest(*bytes, line, partitioning, {.live_only = false},
                                [&](iceberg::ManifestEntry&& entry) -> Status {
                                  const bool removed = entry.status == iceberg::ManifestStatus::kDeleted;
                                  (removed ? files.removed : files.added).push_back(std::move(entry.data_file));
                                  return {};
                                }));
  return files;
}

}  // namespace earthcatalog::backfill
