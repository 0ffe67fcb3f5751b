// Table metadata, format version 2 (https://iceberg.apache.org/spec/#table-metadata), and its JSON.
//
// Plain values. What this program does not know but another engine wrote is carried along in `unknown`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/metadata/partition_spec.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

using Properties = std::map<std::string, std::string, std::less<>>;

/// A JSON object of members that have no place of their own; empty when there are none.
using UnknownMembers = std::string;

struct Snapshot {
  std::int64_t snapshot_id = 0;
  std::optional<std::int64_t> parent_snapshot_id;
  std::int64_t sequence_number = 0;
  std::int64_t timestamp_ms = 0;
  std::string manifest_list;  ///< full URI
  Properties summary;         ///< "operation" included
  std::optional<std::int32_t> schema_id;
  UnknownMembers unknown;

  /// "append", "overwrite", "replace", "delete"; empty when the summary has none.
  std::string_view operation() const;
};

struct SnapshotLogEntry {
  std::int64_t timestamp_ms = 0;
  std::int64_t snapshot_id = 0;
  bool operator==(const SnapshotLogEntry&) const = default;
};

struct MetadataLogEntry {
  std::int64_t timestamp_ms = 0;
  std::string metadata_file;  ///< full URI
  bool operator==(const MetadataLogEntry&) const = default;
};

struct SnapshotRef {
  std::int64_t snapshot_id = 0;
  std::string type = "branch";  ///< or "tag"
  UnknownMembers unknown;
};

struct TableMetadata {
  static constexpr int kFormatVersion = 2;
  static constexpr std::string_view kMainBranch = "main";

  std::string table_uuid;
  std::string location;  ///< full URI; metadata lies in its folder metadata/
  std::int64_t last_sequence_number = 0;
  std::int64_t last_updated_ms = 0;
  std::int32_t last_column_id = 0;
  std::vector<Schema> schemas;
  std::int32_t current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  std::int32_t default_spec_id = 0;
  std::int32_t last_partition_id = 999;
  std::int32_t default_sort_order_id = 0;
  std::string sort_orders;  ///< a JSON array, as it was: we never sort by one
  Properties properties;
  std::optional<std::int64_t> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef, std::less<>> refs;
  UnknownMembers unknown;

  // Members below never fail on metadata that parse_table_metadata() accepted.
  const Schema& schema() const;
  const PartitionSpec& default_spec() const;
  /// Null when the table has none yet.
  const Snapshot* current_snapshot() const;

  const Snapshot* find_snapshot(std::int64_t snapshot_id) const;
  const Schema* find_schema(std::int32_t schema_id) const;
  const PartitionSpec* find_spec(std::int32_t spec_id) const;
  /// The value of a property, or nothing.
  std::optional<std::string> property(std::string_view key) const;
  std::int64_t property_as_int(std::string_view key, std::int64_t otherwise) const;
};

/// Reads metadata JSON, also gzip'd (".gz.metadata.json"). `uri` is for messages. kInvalidData names the member that
/// is missing or makes no sense; kUnsupported: another format version.
Result<TableMetadata> parse_table_metadata(std::string_view bytes, std::string_view uri);

/// Writes metadata as PyIceberg lays them out, minified.
std::string to_json(const TableMetadata& metadata);

/// Returns the number in the name of a metadata file: 7 of ".../00007-<uuid>.metadata.json"; -1 when there is none.
std::int64_t metadata_version(std::string_view location);

/// Counts the entries at the begin of a metadata log that the next one had replaced before `timestamp_ms`.
std::ptrdiff_t metadata_replaced_before(const std::vector<MetadataLogEntry>& log, std::int64_t timestamp_ms);

/// URIs of the statistics files that the metadata name (members `statistics` and `partition-statistics`, which other
/// engines write), but for those of the snapshots `without`. kInvalidData when those members make no sense.
Result<std::vector<std::string>> statistics_files(const TableMetadata& metadata,
                                                  const std::set<std::int64_t>& without = {});

/// One schema, as metadata and the head of a manifest hold it.
std::string to_json(const Schema& schema);

/// `schema.name-mapping.default` for a schema: every column under its present name
/// (https://iceberg.apache.org/spec/#name-mapping-serialization). With `previous`, names that it gave to the same ids
/// are kept besides.
std::string name_mapping_json(const Schema& schema, std::string_view previous = {});

/// The property that holds a name mapping.
inline constexpr std::string_view kNameMappingProperty = "schema.name-mapping.default";

/// Gives the fields of `schema` the names that a mapping has for them (NestedField::mapped_names). Without a mapping,
/// or when it is no JSON, they have none.
void set_mapped_names(Schema& schema, const std::optional<std::string>& mapping);

}  // namespace earthcatalog::iceberg
