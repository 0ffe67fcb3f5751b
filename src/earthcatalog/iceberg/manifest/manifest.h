// Manifests and manifest lists (https://iceberg.apache.org/spec/#manifests), format version 2, in Avro.
//
// Bytes in, values out: nothing here touches storage. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/partition_spec.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

enum class ManifestContent : std::uint8_t { kData = 0, kDeletes = 1 };
enum class ManifestStatus : std::uint8_t { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// The range of one partition field over the files of a manifest.
struct PartitionFieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan = {};
  std::optional<std::string> lower_bound = {}, upper_bound = {};  ///< see values.h; absent when all values are null
  bool operator==(const PartitionFieldSummary&) const = default;
};

/// The sequence number of what no snapshot holds yet: it gets the number of the snapshot that adds it.
inline constexpr std::int64_t kUnassignedSequenceNumber = -1;

/// Rows that nobody counted: other writers may leave the number out, or write a negative one.
inline constexpr std::int64_t kUnknownRows = -1;

/// One line of a manifest list.
struct ManifestFile {
  std::string manifest_path;  ///< full URI
  std::int64_t manifest_length = 0;
  std::int32_t partition_spec_id = 0;
  ManifestContent content = ManifestContent::kData;
  std::int64_t sequence_number = kUnassignedSequenceNumber;
  std::int64_t min_sequence_number = kUnassignedSequenceNumber;
  std::int64_t added_snapshot_id = 0;
  std::int32_t added_files_count = 0, existing_files_count = 0, deleted_files_count = 0;
  std::int64_t added_rows_count = 0, existing_rows_count = 0, deleted_rows_count = 0;  ///< or kUnknownRows
  std::vector<PartitionFieldSummary> partitions;
  std::optional<std::string> key_metadata;
  bool operator==(const ManifestFile&) const = default;
};

struct ManifestEntry {
  ManifestStatus status = ManifestStatus::kAdded;
  // Absent: inherited from the manifest's line in the list (added files only).
  std::optional<std::int64_t> snapshot_id;
  std::optional<std::int64_t> sequence_number;
  std::optional<std::int64_t> file_sequence_number;
  DataFile data_file;
};

/// Options that all files of a manifest share. The schema and the spec must outlive the writer.
struct ManifestWriterOptions {
  const Schema* schema = nullptr;
  const PartitionSpec* spec = nullptr;
  ManifestContent content = ManifestContent::kData;
  int deflate_level = 1;  ///< 1 costs 4 times less CPU than 6 for a tenth more bytes
};

/// Encodes entries as they come; memory is the compressed manifest.
class ManifestWriter {
 public:
  /// kUnsupported for a spec other than ours (partition_layout).
  static Result<ManifestWriter> make(const ManifestWriterOptions& options);
  ManifestWriter(ManifestWriter&&) noexcept;
  ManifestWriter& operator=(ManifestWriter&&) noexcept;
  ~ManifestWriter();

  Status add(const ManifestEntry& entry);
  /// Bytes that finish() will give, about.
  std::int64_t bytes() const;
  std::int64_t entries() const;

  struct Finished {
    std::string bytes;
    ManifestFile file;  ///< counts and partition ranges; path, added_snapshot_id and sequence_number are the caller's
  };
  Finished finish();

 private:
  class Impl;
  explicit ManifestWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct ManifestReadOptions {
  bool live_only = true;     ///< leave entries of status deleted out
  bool statistics = true;    ///< false: counts, sizes and bounds by column stay empty: less memory
  bool only_counts = false;  ///< of the statistics, keep value and null counts alone
};

/// Calls `visit` for each entry of the manifest `bytes`, with what it inherits from `file`, its line in the list. An
/// error of `visit` ends the reading and is returned. kInvalidData names `file.manifest_path`.
Status read_manifest(std::string_view bytes, const ManifestFile& file, const PartitionSpec& spec,
                     const ManifestReadOptions& options, const std::function<Status(ManifestEntry&&)>& visit);

struct ManifestListHead {
  std::int64_t snapshot_id = 0;
  std::optional<std::int64_t> parent_snapshot_id = {};
  std::int64_t sequence_number = 0;
};

std::string write_manifest_list(const ManifestListHead& head, const std::vector<ManifestFile>& manifests);
/// `uri` is for messages.
Result<std::vector<ManifestFile>> read_manifest_list(std::string_view bytes, std::string_view uri);

}  // namespace earthcatalog::iceberg
