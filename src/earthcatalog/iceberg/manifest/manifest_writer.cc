#include <array>

#include "earthcatalog/iceberg/avro/file.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/manifest/manifest_schema_internal.h"
#include "earthcatalog/iceberg/metadata/json_internal.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/iceberg/metadata/values.h"

namespace earthcatalog::iceberg {
namespace {

// The smallest and greatest value of one partition field.
template <class T>
class Range {
 public:
  void add(const std::optional<T>& value) {
    if (!value) {
      contains_null_ = true;
    } else if (!lower_) {
      lower_ = upper_ = value;
    } else if (*value < *lower_) {
      lower_ = value;
    } else if (*upper_ < *value) {
      upper_ = value;
    }
  }
  PartitionFieldSummary summary() const {
    PartitionFieldSummary summary{
        .contains_null = contains_null_, .contains_nan = false, .lower_bound = {}, .upper_bound = {}};
    if (lower_) summary.lower_bound = serialize_value(*lower_);
    if (upper_) summary.upper_bound = serialize_value(*upper_);
    return summary;
  }

 private:
  bool contains_null_ = false;
  std::optional<T> lower_, upper_;
};

void encode_numbers(avro::Encoder& out, const FieldMap<std::int64_t>& values) {
  out.present(true);
  out.array(values, [&out](const auto& entry) {
    out.varint(entry.first);
    out.varint(entry.second);
  });
}

void encode_bounds(avro::Encoder& out, const FieldMap<std::string>& values) {
  out.present(true);
  out.array(values, [&out](const auto& entry) {
    out.varint(entry.first);
    out.text(entry.second);
  });
}

void encode_data_file(avro::Encoder& out, const DataFile& file, const PartitionLayout& layout,
                      ManifestContent content) {
  out.varint(static_cast<int>(file.content));
  out.text(file.file_path);
  out.text(file.file_format);
  if (layout.cell == 0) out.optional_text(file.partition.cell);
  out.optional_varint(file.partition.year_since_1970);
  if (layout.cell == 1) out.optional_text(file.partition.cell);
  out.varint(file.record_count);
  out.varint(file.file_size_in_bytes);
  encode_numbers(out, file.column_sizes);
  encode_numbers(out, file.value_counts);
  encode_numbers(out, file.null_value_counts);
  encode_numbers(out, file.nan_value_counts);
  encode_bounds(out, file.lower_bounds);
  encode_bounds(out, file.upper_bounds);
  out.optional_text(file.key_metadata);
  out.present(!file.split_offsets.empty());
  if (!file.split_offsets.empty()) out.array(file.split_offsets, [&out](std::int64_t offset) { out.varint(offset); });
  out.present(!file.equality_ids.empty());
  if (!file.equality_ids.empty()) out.array(file.equality_ids, [&out](int id) { out.varint(id); });
  out.optional_varint(file.sort_order_id);
  if (content == ManifestContent::kDeletes) out.optional_text(file.referenced_data_file);
}

}  // namespace

class ManifestWriter::Impl {
 public:
  Impl(const ManifestWriterOptions& options, PartitionLayout layout)
      : layout_(layout),
        file_(manifest_avro_schema(*options.spec, layout, options.content),
              {{"schema", to_json(*options.schema)},
               {"schema-id", std::to_string(options.schema->schema_id)},
               {"partition-spec", dump(partition_fields_to_json(*options.spec))},
               {"partition-spec-id", std::to_string(options.spec->spec_id)},
               {"format-version", std::to_string(TableMetadata::kFormatVersion)},
               {"content", options.content == ManifestContent::kData ? "data" : "deletes"}},
              options.deflate_level) {
    line_.partition_spec_id = options.spec->spec_id;
    line_.content = options.content;
  }

  Status add(const ManifestEntry& entry) {
    if (entry.status != ManifestStatus::kAdded && (!entry.sequence_number || !entry.snapshot_id)) {
      return fail(ErrorKind::kInvalidArgument, "manifest entry of {} without sequence number",
                  entry.data_file.file_path);
    }
    avro::Encoder& out = file_.record();
    out.varint(static_cast<int>(entry.status));
    out.optional_varint(entry.snapshot_id);
    out.optional_varint(entry.sequence_number);
    out.optional_varint(entry.file_sequence_number);
    encode_data_file(out, entry.data_file, layout_, line_.content);
    file_.end_record();
    count(entry);
    return {};
  }

  std::int64_t bytes() const { return file_.bytes(); }
  std::int64_t entries() const {
    return std::int64_t{line_.added_files_count} + line_.existing_files_count + line_.deleted_files_count;
  }

  Finished finish() {
    Finished finished{.bytes = file_.finish(), .file = line_};
    finished.file.manifest_length = static_cast<std::int64_t>(finished.bytes.size());
    finished.file.min_sequence_number = min_sequence_number_.value_or(kUnassignedSequenceNumber);
    finished.file.partitions.resize(2);
    finished.file.partitions[layout_.cell] = cells_.summary();
    finished.file.partitions[layout_.year] = years_.summary();
    return finished;
  }

 private:
  void count(const ManifestEntry& entry) {
    const DataFile& file = entry.data_file;
    cells_.add(file.partition.cell);
    years_.add(file.partition.year_since_1970);
    switch (entry.status) {
      case ManifestStatus::kAdded:
        ++line_.added_files_count;
        line_.added_rows_count += file.record_count;
        break;
      case ManifestStatus::kExisting:
        ++line_.existing_files_count;
        line_.existing_rows_count += file.record_count;
        break;
      case ManifestStatus::kDeleted:
        ++line_.deleted_files_count;
        line_.deleted_rows_count += file.record_count;
        return;  // the least sequence number is that of live files
    }
    if (entry.sequence_number) {
      min_sequence_number_ = std::min(min_sequence_number_.value_or(*entry.sequence_number), *entry.sequence_number);
    }
  }

  PartitionLayout layout_;
  avro::FileWriter file_;
  ManifestFile line_;
  Range<std::string> cells_;
  Range<std::int32_t> years_;
  std::optional<std::int64_t> min_sequence_number_;
};

ManifestWriter::ManifestWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;
ManifestWriter& ManifestWriter::operator=(ManifestWriter&&) noexcept = default;
ManifestWriter::~ManifestWriter() = default;

Result<ManifestWriter> ManifestWriter::make(const ManifestWriterOptions& options) {
  EC_ASSIGN_OR_RETURN(const PartitionLayout layout, partition_layout(*options.spec));
  return ManifestWriter(std::make_unique<Impl>(options, layout));
}

Status ManifestWriter::add(const ManifestEntry& entry) { return impl_->add(entry); }
std::int64_t ManifestWriter::bytes() const { return impl_->bytes(); }
std::int64_t ManifestWriter::entries() const { return impl_->entries(); }
ManifestWriter::Finished ManifestWriter::finish() { return impl_->finish(); }

}  // namespace earthcatalog::iceberg
