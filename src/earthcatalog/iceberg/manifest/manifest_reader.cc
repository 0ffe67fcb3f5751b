#include <limits>

#include "earthcatalog/iceberg/avro/file.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/manifest/manifest_numbers_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_schema_internal.h"

namespace earthcatalog::iceberg {
namespace {

using avro::Decoder;
using avro::Kind;
using avro::Node;

// A record that must be there.
const Node* record_of(Decoder& in, const Node& node) {
  const Node* type = in.resolve(node);
  if (in.ok() && (type == nullptr || type->kind != Kind::kRecord)) in.fail_with("a record was expected");
  return in.ok() ? type : nullptr;
}

// Iceberg's map from field ids: an array of records of key and value.
template <class T, class Read>
void read_map(Decoder& in, const Node& node, FieldMap<T>& map, Read read) {
  std::vector<std::pair<int, T>> entries;
  in.array(node, [&](const Node& element) {
    if (element.kind != Kind::kRecord || element.fields.size() != 2)
      return in.fail_with("a key and a value were expected");
    const auto key = static_cast<int>(in.integer(*element.fields[0].type));
    entries.emplace_back(key, read(*element.fields[1].type));
  });
  map = FieldMap<T>::from(std::move(entries));
}

void read_numbers(Decoder& in, const Node& node, FieldMap<std::int64_t>& map) {
  read_map(in, node, map, [&in](const Node& value) { return in.integer(value); });
}

void read_bounds(Decoder& in, const Node& node, FieldMap<std::string>& map) {
  read_map(in, node, map, [&in](const Node& value) { return std::string(in.text(value)); });
}

std::optional<std::int32_t> narrow(Decoder& in, std::optional<std::int64_t> value) {
  if (!value) return std::nullopt;
  if (*value < std::numeric_limits<std::int32_t>::min() || *value > std::numeric_limits<std::int32_t>::max()) {
    in.fail_with("a 32-bit integer is out of range");
  }
  return static_cast<std::int32_t>(*value);
}

class EntryReader {
 public:
  EntryReader(const ManifestFile& manifest, const PartitionSpec& spec, PartitionLayout layout,
              const ManifestReadOptions& options)
      : manifest_(manifest),
        cell_id_(spec.fields[layout.cell].field_id),
        year_id_(spec.fields[layout.year].field_id),
        statistics_(options.statistics),
        only_counts_(options.only_counts) {}

  Status read(Decoder& in, const Node& root, ManifestEntry& entry) {
    using namespace manifest_field;
    has_data_file_ = has_path_ = has_rows_ = has_size_ = false;
    std::optional<std::int64_t> status;
    if (const Node* record = record_of(in, root); record != nullptr) {
      for (const avro::Field& field : record->fields) {
        switch (field.field_id) {
          case kStatus:
            status = in.integer(*field.type);
            break;
          case kSnapshotId:
            entry.snapshot_id = in.optional_integer(*field.type);
            break;
          case kSequenceNumber:
            entry.sequence_number = in.optional_integer(*field.type);
            break;
          case kFileSequenceNumber:
            entry.file_sequence_number = in.optional_integer(*field.type);
            break;
          case kDataFile:
            read_data_file(in, *field.type, entry.data_file);
            break;
          default:
            in.skip(*field.type);
        }
      }
    }
    EC_TRY(in.status());
    if (!status || *status < 0 || *status > 2) return fail(ErrorKind::kInvalidData, "an entry without a valid status");
    if (!has_data_file_ || !has_path_ || !has_rows_ || !has_size_) {
      return fail(ErrorKind::kInvalidData, "an entry lacks data_file, file_path, record_count or file_size_in_bytes");
    }
    entry.status = static_cast<ManifestStatus>(*status);
    return inherit(entry);
  }

 private:
  void read_data_file(Decoder& in, const Node& node, DataFile& file) {
    const Node* record = record_of(in, node);
    if (record == nullptr) return;
    has_data_file_ = true;
    for (const avro::Field& field : record->fields) read_data_file_field(in, field, file);
  }

  void read_data_file_field(Decoder& in, const avro::Field& field, DataFile& file) {
    using namespace manifest_field;
    const Node& type = *field.type;
    switch (field.field_id) {
      case kContent:
        file.content = content_of(in, in.optional_integer(type).value_or(0));
        break;
      case kFilePath:
        file.file_path = in.text(type);
        has_path_ = true;
        break;
      case kFileFormat:
        file.file_format = in.text(type);
        break;
      case kPartition:
        read_partition(in, type, file.partition);
        break;
      case kRecordCount:
        file.record_count = read_amount(in, type);
        has_rows_ = true;
        break;
      case kFileSize:
        file.file_size_in_bytes = read_amount(in, type);
        has_size_ = true;
        break;
      case kSortOrderId:
        file.sort_order_id = narrow(in, in.optional_integer(type));
        break;
      case kEqualityIds:
        in.array(type, [&](const Node& id) { file.equality_ids.push_back(static_cast<int>(in.integer(id))); });
        break;
      case kReferencedDataFile:
        if (const auto path = in.optional_text(type)) file.referenced_data_file = *path;
        break;
      case kKeyMetadata:
        if (const auto bytes = in.optional_text(type)) file.key_metadata = *bytes;
        break;
      default:
        if (!statistics_ || !read_statistics_field(in, field, file)) in.skip(type);
    }
  }

  FileContent content_of(Decoder& in, std::int64_t content) const {
    const bool of_data = manifest_.content == ManifestContent::kData;
    if (of_data && content != 0) in.fail_with("a delete file in a manifest of data files");
    if (!of_data && content != 1 && content != 2) in.fail_with("no delete file in a manifest of delete files");
    return static_cast<FileContent>(content);
  }

  bool read_statistics_field(Decoder& in, const avro::Field& field, DataFile& file) {
    using namespace manifest_field;
    const Node& type = *field.type;
    if (only_counts_ && field.field_id != kValueCounts && field.field_id != kNullValueCounts) return false;
    switch (field.field_id) {
      case kColumnSizes:
        read_numbers(in, type, file.column_sizes);
        return true;
      case kValueCounts:
        read_numbers(in, type, file.value_counts);
        return true;
      case kNullValueCounts:
        read_numbers(in, type, file.null_value_counts);
        return true;
      case kNanValueCounts:
        read_numbers(in, type, file.nan_value_counts);
        return true;
      case kLowerBounds:
        read_bounds(in, type, file.lower_bounds);
        return true;
      case kUpperBounds:
        read_bounds(in, type, file.upper_bounds);
        return true;
      case kSplitOffsets:
        in.array(type, [&](const Node& element) { file.split_offsets.push_back(in.integer(element)); });
        return true;
      default:
        return false;
    }
  }

  void read_partition(Decoder& in, const Node& node, PartitionKey& partition) {
    const Node* record = record_of(in, node);
    if (record == nullptr) return;
    for (const avro::Field& field : record->fields) {
      if (field.field_id == cell_id_) {
        if (const auto cell = in.optional_text(*field.type)) partition.cell = *cell;
      } else if (field.field_id == year_id_) {
        partition.year_since_1970 = narrow(in, in.optional_integer(*field.type));
      } else {
        in.skip(*field.type);
      }
    }
  }

  // https://iceberg.apache.org/spec/#sequence-number-inheritance
  Status inherit(ManifestEntry& entry) const {
    if (!entry.snapshot_id) entry.snapshot_id = manifest_.added_snapshot_id;
    // A manifest of format version 1 has number 0, and so have all its files.
    const bool inherits = entry.status == ManifestStatus::kAdded || manifest_.sequence_number == 0;
    for (auto* number : {&entry.sequence_number, &entry.file_sequence_number}) {
      if (!*number && inherits) *number = manifest_.sequence_number;
    }
    if (!entry.sequence_number)
      return fail(ErrorKind::kInvalidData, "an entry that existed before has no sequence number");
    return {};
  }

  const ManifestFile& manifest_;
  int cell_id_, year_id_;
  bool statistics_, only_counts_;
  bool has_data_file_ = false, has_path_ = false, has_rows_ = false, has_size_ = false;
};

Status read(std::string_view bytes, const ManifestFile& file, const PartitionSpec& spec,
            const ManifestReadOptions& options, const std::function<Status(ManifestEntry&&)>& visit) {
  EC_ASSIGN_OR_RETURN(const PartitionLayout layout, partition_layout(spec));
  EC_ASSIGN_OR_RETURN(auto reader, avro::FileReader::open(bytes));
  EntryReader entries(file, spec, layout, options);
  return reader.for_each([&](Decoder& in) -> Status {
    ManifestEntry entry;
    EC_TRY(entries.read(in, reader.schema().root(), entry));
    if (options.live_only && entry.status == ManifestStatus::kDeleted) return {};
    return visit(std::move(entry));
  });
}

}  // namespace

Status read_manifest(std::string_view bytes, const ManifestFile& file, const PartitionSpec& spec,
                     const ManifestReadOptions& options, const std::function<Status(ManifestEntry&&)>& visit) {
  // Errors of `visit` are about something else than the manifest, and are not annotated.
  bool visiting = false;
  Status status = read(bytes, file, spec, options, [&](ManifestEntry&& entry) -> Status {
    visiting = true;
    EC_TRY(visit(std::move(entry)));
    visiting = false;
    return {};
  });
  return visiting ? status : annotate(std::move(status), "manifest " + file.manifest_path);
}

}  // namespace earthcatalog::iceberg
