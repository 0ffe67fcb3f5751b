#include "earthcatalog/iceberg/manifest/manifest_schema_internal.h"
#include "earthcatalog/iceberg/metadata/json_internal.h"

namespace earthcatalog::iceberg {
namespace {

Json field(const char* name, int id, Json type) {
  return {{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

Json optional_field(const char* name, int id, Json type) {
  return {{"name", name}, {"type", Json::array({"null", std::move(type)})}, {"default", nullptr}, {"field-id", id}};
}

Json record(const char* name, Json fields) {
  return {{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

// Avro's maps have string keys only: Iceberg's are arrays of key-value records.
Json map_type(int key_id, int value_id, const char* value_type) {
  const std::string name = fmt::format("k{}_v{}", key_id, value_id);
  return {
      {"type", "array"},
      {"items", record(name.c_str(), Json::array({field("key", key_id, "int"), field("value", value_id, value_type)}))},
      {"logicalType", "map"}};
}

Json list_type(int element_id, Json items) {
  return {{"type", "array"}, {"items", std::move(items)}, {"element-id", element_id}};
}

// Avro names are of letters, digits and underscores only.
std::string avro_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (letter || (digit && !result.empty())) {
      result += c;
    } else {
      result += fmt::format("_x{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

Json partition_record(const PartitionSpec& spec, const PartitionLayout& layout) {
  Json fields = Json::array();
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    const auto& part = spec.fields[i];
    fields.push_back(optional_field(avro_name(part.name).c_str(), part.field_id, i == layout.cell ? "string" : "int"));
  }
  return record("r102", std::move(fields));
}

Json data_file_record(const PartitionSpec& spec, const PartitionLayout& layout, ManifestContent content) {
  using namespace manifest_field;
  Json fields = Json::array({
      field("content", kContent, "int"),
      field("file_path", kFilePath, "string"),
      field("file_format", kFileFormat, "string"),
      field("partition", kPartition, partition_record(spec, layout)),
      field("record_count", kRecordCount, "long"),
      field("file_size_in_bytes", kFileSize, "long"),
      optional_field("column_sizes", kColumnSizes, map_type(117, 118, "long")),
      optional_field("value_counts", kValueCounts, map_type(119, 120, "long")),
      optional_field("null_value_counts", kNullValueCounts, map_type(121, 122, "long")),
      optional_field("nan_value_counts", kNanValueCounts, map_type(138, 139, "long")),
      optional_field("lower_bounds", kLowerBounds, map_type(126, 127, "bytes")),
      optional_field("upper_bounds", kUpperBounds, map_type(129, 130, "bytes")),
      optional_field("key_metadata", kKeyMetadata, "bytes"),
      optional_field("split_offsets", kSplitOffsets, list_type(133, "long")),
      optional_field("equality_ids", kEqualityIds, list_type(136, "int")),
      optional_field("sort_order_id", kSortOrderId, "int"),
  });
  if (content == ManifestContent::kDeletes) {
    fields.push_back(optional_field("referenced_data_file", kReferencedDataFile, "string"));
  }
  return record("r2", std::move(fields));
}

std::string make_manifest_list_schema() {
  using namespace manifest_list_field;
  const Json summary = record("r508", Json::array({field("contains_null", kContainsNull, "boolean"),
                                                   optional_field("contains_nan", kContainsNan, "boolean"),
                                                   optional_field("lower_bound", kLowerBound, "bytes"),
                                                   optional_field("upper_bound", kUpperBound, "bytes")}));
  return dump(record("manifest_file", Json::array({
                                          field("manifest_path", kPath, "string"),
                                          field("manifest_length", kLength, "long"),
                                          field("partition_spec_id", kSpecId, "int"),
                                          field("content", kContent, "int"),
                                          field("sequence_number", kSequenceNumber, "long"),
                                          field("min_sequence_number", kMinSequenceNumber, "long"),
                                          field("added_snapshot_id", kAddedSnapshotId, "long"),
                                          field("added_files_count", kAddedFiles, "int"),
                                          field("existing_files_count", kExistingFiles, "int"),
                                          field("deleted_files_count", kDeletedFiles, "int"),
                                          field("added_rows_count", kAddedRows, "long"),
                                          field("existing_rows_count", kExistingRows, "long"),
                                          field("deleted_rows_count", kDeletedRows, "long"),
                                          optional_field("partitions", kPartitions, list_type(508, summary)),
                                          optional_field("key_metadata", kKeyMetadata, "bytes"),
                                      })));
}

}  // namespace

std::string manifest_avro_schema(const PartitionSpec& spec, const PartitionLayout& layout, ManifestContent content) {
  using namespace manifest_field;
  return dump(record("manifest_entry", Json::array({
                                           field("status", kStatus, "int"),
                                           optional_field("snapshot_id", kSnapshotId, "long"),
                                           optional_field("sequence_number", kSequenceNumber, "long"),
                                           optional_field("file_sequence_number", kFileSequenceNumber, "long"),
                                           field("data_file", kDataFile, data_file_record(spec, layout, content)),
                                       })));
}

std::string_view manifest_list_avro_schema() {
  static const std::string schema = make_manifest_list_schema();
  return schema;
}

}  // namespace earthcatalog::iceberg
