#include <set>

#include "earthcatalog/iceberg/metadata/gzip_internal.h"
#include "earthcatalog/iceberg/metadata/json_internal.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::size_t kLargestMetadata = std::size_t{1} << 30;
constexpr std::int64_t kNoSnapshot = -1;  // what older writers say in place of null

Result<Properties> properties_from_json(const Json& object, std::string_view key) {
  Properties properties;
  const Json* json = member(object, key);
  if (json == nullptr) return properties;
  if (!json->is_object()) return fail(ErrorKind::kInvalidData, "{} is not an object", key);
  for (const auto& [name, value] : json->items()) {
    if (!value.is_string()) return fail(ErrorKind::kInvalidData, "{}: {} is not a string", key, name);
    properties[name] = value.get<std::string>();
  }
  return properties;
}

Json properties_to_json(const Properties& properties) {
  Json json = Json::object();
  for (const auto& [key, value] : properties) json[key] = value;
  return json;
}

// Reads each element of the array `key` with `read`; an absent array is empty unless `required`.
template <class T, class Read>
Result<std::vector<T>> array_from_json(const Json& object, std::string_view key, bool required, Read read) {
  std::vector<T> values;
  if (!required && member(object, key) == nullptr) return values;
  EC_ASSIGN_OR_RETURN(const Json* array, required_array(object, key));
  for (const Json& element : *array) {
    EC_ASSIGN_OR_RETURN(auto value, annotate(read(element), fmt::format("{}[{}]", key, values.size())));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Snapshot> snapshot_from_json(const Json& json) {
  Snapshot snapshot;
  EC_ASSIGN_OR_RETURN(snapshot.snapshot_id, required_long(json, "snapshot-id"));
  EC_ASSIGN_OR_RETURN(snapshot.parent_snapshot_id, optional_long(json, "parent-snapshot-id"));
  EC_ASSIGN_OR_RETURN(const auto sequence_number, optional_long(json, "sequence-number"));
  snapshot.sequence_number = sequence_number.value_or(0);  // absent in snapshots from format version 1
  EC_ASSIGN_OR_RETURN(snapshot.timestamp_ms, required_long(json, "timestamp-ms"));
  EC_ASSIGN_OR_RETURN(snapshot.manifest_list, required_string(json, "manifest-list"));
  EC_ASSIGN_OR_RETURN(snapshot.summary, properties_from_json(json, "summary"));
  EC_ASSIGN_OR_RETURN(snapshot.schema_id, optional_int(json, "schema-id"));
  snapshot.unknown = unknown_members(json, {"snapshot-id", "parent-snapshot-id", "sequence-number", "timestamp-ms",
                                            "manifest-list", "summary", "schema-id"});
  return snapshot;
}

Json snapshot_to_json(const Snapshot& snapshot) {
  Json json = {{"snapshot-id", snapshot.snapshot_id}};
  if (snapshot.parent_snapshot_id) json["parent-snapshot-id"] = *snapshot.parent_snapshot_id;
  json["sequence-number"] = snapshot.sequence_number;
  json["timestamp-ms"] = snapshot.timestamp_ms;
  json["manifest-list"] = snapshot.manifest_list;
  json["summary"] = properties_to_json(snapshot.summary);
  if (snapshot.schema_id) json["schema-id"] = *snapshot.schema_id;
  add_unknown_members(json, snapshot.unknown);
  return json;
}

Result<SnapshotLogEntry> snapshot_log_from_json(const Json& json) {
  SnapshotLogEntry entry;
  EC_ASSIGN_OR_RETURN(entry.timestamp_ms, required_long(json, "timestamp-ms"));
  EC_ASSIGN_OR_RETURN(entry.snapshot_id, required_long(json, "snapshot-id"));
  return entry;
}

Result<MetadataLogEntry> metadata_log_from_json(const Json& json) {
  MetadataLogEntry entry;
  EC_ASSIGN_OR_RETURN(entry.timestamp_ms, required_long(json, "timestamp-ms"));
  EC_ASSIGN_OR_RETURN(entry.metadata_file, required_string(json, "metadata-file"));
  return entry;
}

Status read_refs(const Json& json, TableMetadata& metadata) {
  const Json* refs = member(json, "refs");
  if (refs == nullptr) return {};
  if (!refs->is_object()) return fail(ErrorKind::kInvalidData, "refs is not an object");
  for (const auto& [name, value] : refs->items()) {
    SnapshotRef ref;
    EC_ASSIGN_OR_RETURN(ref.snapshot_id, annotate(required_long(value, "snapshot-id"), "refs: " + name));
    EC_ASSIGN_OR_RETURN(ref.type, annotate(required_string(value, "type"), "refs: " + name));
    ref.unknown = unknown_members(value, {"snapshot-id", "type"});
    metadata.refs[name] = std::move(ref);
  }
  return {};
}

// Commits count these on: a table that came so far is damaged, and none of ours shall overflow them.
Status check_room(const TableMetadata& metadata) {
  constexpr std::int64_t kLastNumber = std::int64_t{1} << 62, kLastId = std::int64_t{1} << 30;
  const auto in_range = [](std::int64_t value, std::int64_t last, std::string_view name) -> Status {
    if (value >= 0 && value <= last) return {};
    return fail(ErrorKind::kInvalidData, "{} {} is out of range", name, value);
  };
  EC_TRY(in_range(metadata.last_sequence_number, kLastNumber, "last-sequence-number"));
  EC_TRY(in_range(metadata.last_column_id, kLastId, "last-column-id"));
  for (const Schema& schema : metadata.schemas) EC_TRY(in_range(schema.schema_id, kLastId, "schema-id"));
  return {};
}

// Checks what the accessors of TableMetadata promise, and what a commit builds on.
Status check(const TableMetadata& metadata) {
  EC_TRY(check_room(metadata));
  if (metadata.find_schema(metadata.current_schema_id) == nullptr) {
    return fail(ErrorKind::kInvalidData, "current-schema-id {} is not in schemas", metadata.current_schema_id);
  }
  if (metadata.find_spec(metadata.default_spec_id) == nullptr) {
    return fail(ErrorKind::kInvalidData, "default-spec-id {} is not in partition-specs", metadata.default_spec_id);
  }
  if (metadata.current_snapshot_id && metadata.current_snapshot() == nullptr) {
    return fail(ErrorKind::kInvalidData, "current-snapshot-id {} is not in snapshots", *metadata.current_snapshot_id);
  }
  for (const Schema& schema : metadata.schemas) {
    if (schema.highest_field_id() > metadata.last_column_id) {
      return fail(ErrorKind::kInvalidData, "last-column-id {} is less than a column's id", metadata.last_column_id);
    }
  }
  std::set<std::int64_t> ids;
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (!ids.insert(snapshot.snapshot_id).second) {
      return fail(ErrorKind::kInvalidData, "snapshot {} is there twice", snapshot.snapshot_id);
    }
    if (snapshot.sequence_number > metadata.last_sequence_number) {
      return fail(ErrorKind::kInvalidData, "last-sequence-number {} is less than that of snapshot {}",
                  metadata.last_sequence_number, snapshot.snapshot_id);
    }
  }
  return {};
}

Status read_layout(const Json& json, TableMetadata& metadata) {
  EC_ASSIGN_OR_RETURN(metadata.last_column_id, required_int(json, "last-column-id"));
  EC_ASSIGN_OR_RETURN(metadata.schemas, array_from_json<Schema>(json, "schemas", true, schema_from_json));
  EC_ASSIGN_OR_RETURN(metadata.current_schema_id, required_int(json, "current-schema-id"));
  EC_ASSIGN_OR_RETURN(metadata.partition_specs,
                      array_from_json<PartitionSpec>(json, "partition-specs", true, partition_spec_from_json));
  EC_ASSIGN_OR_RETURN(metadata.default_spec_id, required_int(json, "default-spec-id"));
  EC_ASSIGN_OR_RETURN(metadata.last_partition_id, required_int(json, "last-partition-id"));
  EC_ASSIGN_OR_RETURN(const Json* sort_orders, required_array(json, "sort-orders"));
  metadata.sort_orders = dump(*sort_orders);
  EC_ASSIGN_OR_RETURN(metadata.default_sort_order_id, required_int(json, "default-sort-order-id"));
  return {};
}

Status read_history(const Json& json, TableMetadata& metadata) {
  EC_ASSIGN_OR_RETURN(metadata.current_snapshot_id, optional_long(json, "current-snapshot-id"));
  if (metadata.current_snapshot_id == kNoSnapshot) metadata.current_snapshot_id.reset();
  EC_ASSIGN_OR_RETURN(metadata.snapshots, array_from_json<Snapshot>(json, "snapshots", false, snapshot_from_json));
  EC_ASSIGN_OR_RETURN(metadata.snapshot_log,
                      array_from_json<SnapshotLogEntry>(json, "snapshot-log", false, snapshot_log_from_json));
  EC_ASSIGN_OR_RETURN(metadata.metadata_log,
                      array_from_json<MetadataLogEntry>(json, "metadata-log", false, metadata_log_from_json));
  return read_refs(json, metadata);
}

Result<TableMetadata> from_json(const Json& json) {
  if (!json.is_object()) return fail(ErrorKind::kInvalidData, "not a JSON object");
  EC_ASSIGN_OR_RETURN(const std::int32_t version, required_int(json, "format-version"));
  if (version != TableMetadata::kFormatVersion) {
    return fail(ErrorKind::kUnsupported, "format version {}; this program works with version 2", version);
  }
  TableMetadata metadata;
  EC_ASSIGN_OR_RETURN(metadata.table_uuid, required_string(json, "table-uuid"));
  EC_ASSIGN_OR_RETURN(metadata.location, required_string(json, "location"));
  EC_ASSIGN_OR_RETURN(metadata.last_sequence_number, required_long(json, "last-sequence-number"));
  EC_ASSIGN_OR_RETURN(metadata.last_updated_ms, required_long(json, "last-updated-ms"));
  EC_ASSIGN_OR_RETURN(metadata.properties, properties_from_json(json, "properties"));
  EC_TRY(read_layout(json, metadata));
  EC_TRY(read_history(json, metadata));
  metadata.unknown = unknown_members(
      json, {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "properties",
             "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id",
             "last-partition-id", "sort-orders", "default-sort-order-id", "current-snapshot-id", "snapshots",
             "snapshot-log", "metadata-log", "refs",
             // of format version 1, which some writers repeat; they would contradict a new current schema
             "schema", "partition-spec"});
  EC_TRY(check(metadata));
  for (Schema& schema : metadata.schemas) set_mapped_names(schema, metadata.property(kNameMappingProperty));
  return metadata;
}

template <class T, class Write>
Json array_to_json(const std::vector<T>& values, Write write) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(write(value));
  return array;
}

Json refs_to_json(const TableMetadata& metadata) {
  Json refs = Json::object();
  for (const auto& [name, ref] : metadata.refs) {
    Json json = {{"snapshot-id", ref.snapshot_id}, {"type", ref.type}};
    add_unknown_members(json, ref.unknown);
    refs[name] = std::move(json);
  }
  return refs;
}

}  // namespace

Result<TableMetadata> parse_table_metadata(std::string_view bytes, std::string_view uri) {
  const std::string context = fmt::format("table metadata {}", uri);
  std::string unzipped;
  if (bytes.starts_with("\x1f\x8b")) {
    EC_ASSIGN_OR_RETURN(unzipped, annotate(inflate_bytes(bytes, DeflateFormat::kGzip, kLargestMetadata), context));
    bytes = unzipped;
  }
  EC_ASSIGN_OR_RETURN(const Json json, annotate(parse_json(bytes), context));
  return annotate(from_json(json), context);
}

std::string to_json(const TableMetadata& metadata) {
  Json json = {{"location", metadata.location},
               {"table-uuid", metadata.table_uuid},
               {"last-updated-ms", metadata.last_updated_ms},
               {"last-column-id", metadata.last_column_id},
               {"schemas", array_to_json(metadata.schemas, schema_to_json)},
               {"current-schema-id", metadata.current_schema_id},
               {"partition-specs", array_to_json(metadata.partition_specs,
                                                 [](const PartitionSpec& spec) {
                                                   return Json{{"spec-id", spec.spec_id},
                                                               {"fields", partition_fields_to_json(spec)}};
                                                 })},
               {"default-spec-id", metadata.default_spec_id},
               {"last-partition-id", metadata.last_partition_id},
               {"properties", properties_to_json(metadata.properties)}};
  if (metadata.current_snapshot_id) json["current-snapshot-id"] = *metadata.current_snapshot_id;
  json["snapshots"] = array_to_json(metadata.snapshots, snapshot_to_json);
  json["snapshot-log"] = array_to_json(metadata.snapshot_log, [](const SnapshotLogEntry& entry) {
    return Json{{"snapshot-id", entry.snapshot_id}, {"timestamp-ms", entry.timestamp_ms}};
  });
  json["metadata-log"] = array_to_json(metadata.metadata_log, [](const MetadataLogEntry& entry) {
    return Json{{"metadata-file", entry.metadata_file}, {"timestamp-ms", entry.timestamp_ms}};
  });
  json["sort-orders"] = Json::parse(metadata.sort_orders, nullptr, false);
  json["default-sort-order-id"] = metadata.default_sort_order_id;
  json["refs"] = refs_to_json(metadata);
  json["format-version"] = TableMetadata::kFormatVersion;
  json["last-sequence-number"] = metadata.last_sequence_number;
  add_unknown_members(json, metadata.unknown);
  return dump(json);
}

}  // namespace earthcatalog::iceberg
