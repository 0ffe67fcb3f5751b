#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

#include "earthcatalog/iceberg/avro/file.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/manifest/manifest_numbers_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_schema_internal.h"

namespace earthcatalog::iceberg {
namespace {

using avro::Decoder;
using avro::Kind;
using avro::Node;

constexpr int kDeflateLevel = 6;

void encode(avro::Encoder& out, const ManifestFile& file) {
  out.text(file.manifest_path);
  out.varint(file.manifest_length);
  out.varint(file.partition_spec_id);
  out.varint(static_cast<int>(file.content));
  out.varint(file.sequence_number);
  out.varint(file.min_sequence_number);
  out.varint(file.added_snapshot_id);
  out.varint(file.added_files_count);
  out.varint(file.existing_files_count);
  out.varint(file.deleted_files_count);
  out.varint(file.added_rows_count);
  out.varint(file.existing_rows_count);
  out.varint(file.deleted_rows_count);
  out.present(!file.partitions.empty());
  if (!file.partitions.empty()) {
    out.array(file.partitions, [&out](const PartitionFieldSummary& summary) {
      out.boolean(summary.contains_null);
      out.present(summary.contains_nan.has_value());
      if (summary.contains_nan) out.boolean(*summary.contains_nan);
      out.optional_text(summary.lower_bound);
      out.optional_text(summary.upper_bound);
    });
  }
  out.optional_text(file.key_metadata);
}

std::optional<std::string> to_string(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

std::int32_t count(Decoder& in, const Node& type) {
  const std::int64_t value = in.integer(type);
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) in.fail_with("a count is out of range");
  return static_cast<std::int32_t>(value);
}

std::int64_t read_rows(Decoder& in, const Node& type) {
  const std::int64_t value = in.integer(type);
  if (value > kMostRowsOrBytes) in.fail_with("a number of rows is out of range");
  return std::max(value, kUnknownRows);
}

PartitionFieldSummary read_summary(Decoder& in, const Node& node) {
  using namespace manifest_list_field;
  PartitionFieldSummary summary;
  const Node* record = in.resolve(node);
  if (record == nullptr || record->kind != Kind::kRecord) {
    in.fail_with("a partition summary is no record");
    return summary;
  }
  for (const avro::Field& field : record->fields) {
    switch (field.field_id) {
      case kContainsNull:
        summary.contains_null = in.optional_boolean(*field.type).value_or(true);
        break;
      case kContainsNan:
        summary.contains_nan = in.optional_boolean(*field.type);
        break;
      case kLowerBound:
        summary.lower_bound = to_string(in.optional_text(*field.type));
        break;
      case kUpperBound:
        summary.upper_bound = to_string(in.optional_text(*field.type));
        break;
      default:
        in.skip(*field.type);
    }
  }
  return summary;
}

void read_field(Decoder& in, const avro::Field& field, ManifestFile& file) {
  using namespace manifest_list_field;
  const Node& type = *field.type;
  switch (field.field_id) {
    case kPath:
      file.manifest_path = in.text(type);
      break;
    case kLength:
      file.manifest_length = read_amount(in, type);
      break;
    case kSpecId:
      file.partition_spec_id = count(in, type);
      break;
    case kContent: {
      const std::int64_t content = in.integer(type);
      if (content != 0 && content != 1) in.fail_with("a manifest of unknown content");
      file.content = static_cast<ManifestContent>(content);
      break;
    }
    case kSequenceNumber:
      file.sequence_number = in.integer(type);
      break;
    case kMinSequenceNumber:
      file.min_sequence_number = in.integer(type);
      break;
    case kAddedSnapshotId:
      file.added_snapshot_id = in.integer(type);
      break;
    case kAddedFiles:
      file.added_files_count = count(in, type);
      break;
    case kExistingFiles:
      file.existing_files_count = count(in, type);
      break;
    case kDeletedFiles:
      file.deleted_files_count = count(in, type);
      break;
    case kAddedRows:
      file.added_rows_count = read_rows(in, type);
      break;
    case kExistingRows:
      file.existing_rows_count = read_rows(in, type);
      break;
    case kDeletedRows:
      file.deleted_rows_count = read_rows(in, type);
      break;
    case kPartitions:
      in.array(type, [&](const Node& element) { file.partitions.push_back(read_summary(in, element)); });
      break;
    case kKeyMetadata:
      file.key_metadata = to_string(in.optional_text(type));
      break;
    default:
      in.skip(type);
  }
}

// Without these a table cannot be carried on: a missing count would make a manifest look empty.
Status check(const Node& root) {
  using namespace manifest_list_field;
  if (root.kind != Kind::kRecord) return fail(ErrorKind::kInvalidData, "not a manifest list");
  std::set<int> ids;
  for (const avro::Field& field : root.fields) ids.insert(field.field_id);
  for (const int id : {kPath, kLength, kSpecId, kAddedSnapshotId, kAddedFiles, kExistingFiles, kDeletedFiles}) {
    if (!ids.contains(id)) return fail(ErrorKind::kInvalidData, "a manifest list without field {}", id);
  }
  return {};
}

Result<std::vector<ManifestFile>> read(std::string_view bytes) {
  EC_ASSIGN_OR_RETURN(auto reader, avro::FileReader::open(bytes));
  const Node& root = reader.schema().root();
  EC_TRY(check(root));
  std::vector<ManifestFile> manifests;
  const Status status = reader.for_each([&](Decoder& in) {
    ManifestFile file;
    file.sequence_number = file.min_sequence_number = 0;  // absent in format version 1, and maybe the rows as well
    file.added_rows_count = file.existing_rows_count = file.deleted_rows_count = kUnknownRows;
    for (const avro::Field& field : root.fields) read_field(in, field, file);
    manifests.push_back(std::move(file));
    return in.status();
  });
  EC_TRY(status);
  return manifests;
}

}  // namespace

std::string write_manifest_list(const ManifestListHead& head, const std::vector<ManifestFile>& manifests) {
  const std::string parent = head.parent_snapshot_id ? std::to_string(*head.parent_snapshot_id) : "null";
  avro::FileWriter writer(manifest_list_avro_schema(),
                          {{"snapshot-id", std::to_string(head.snapshot_id)},
                           {"parent-snapshot-id", parent},
                           {"sequence-number", std::to_string(head.sequence_number)},
                           {"format-version", "2"}},
                          kDeflateLevel);
  for (const ManifestFile& file : manifests) {
    encode(writer.record(), file);
    writer.end_record();
  }
  return writer.finish();
}

Result<std::vector<ManifestFile>> read_manifest_list(std::string_view bytes, std::string_view uri) {
  return annotate(read(bytes), fmt::format("manifest list {}", uri));
}

}  // namespace earthcatalog::iceberg
