#include <algorithm>
#include <charconv>
#include <set>

#include "earthcatalog/iceberg/commit/snapshot_summary_internal.h"

namespace earthcatalog::iceberg {
namespace {

constexpr const char* kTotalFiles = "total-data-files";
constexpr const char* kTotalRows = "total-records";
constexpr const char* kTotalBytes = "total-files-size";

// Nothing: not there, or no number that totals can have and grow from.
std::optional<std::int64_t> number(const Properties& summary, std::string_view key) {
  constexpr std::int64_t kMostTotal = std::int64_t{1} << 62;
  const auto at = summary.find(key);
  std::int64_t value = 0;
  if (at == summary.end()) return std::nullopt;
  const char* end = at->second.data() + at->second.size();
  const auto parsed = std::from_chars(at->second.data(), end, value);
  const bool usable = parsed.ec == std::errc() && parsed.ptr == end && value >= 0 && value <= kMostTotal;
  return usable ? std::optional(value) : std::nullopt;
}

struct Listed {
  std::int64_t files = 0;
  std::optional<std::int64_t> rows = 0;
};

Listed count_listed(const std::vector<ManifestFile>& manifests) {
  Listed listed;
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kData) continue;
    listed.files += manifest.added_files_count + manifest.existing_files_count;
    const bool counted = manifest.added_rows_count != kUnknownRows && manifest.existing_rows_count != kUnknownRows;
    if (!counted) listed.rows.reset();
    if (listed.rows) *listed.rows += manifest.added_rows_count + manifest.existing_rows_count;
  }
  return listed;
}

// Engines may leave totals out: files are in the manifest list then, rows mostly, bytes are not known.
void set_totals(const SummaryInput& input, Properties& summary) {
  const Listed listed = count_listed(*input.before);
  const Properties none{{kTotalFiles, "0"}, {kTotalRows, "0"}, {kTotalBytes, "0"}};
  const Properties& before = input.parent == nullptr ? none : input.parent->summary;
  const auto set = [&](const char* key, std::int64_t value) { summary[key] = std::to_string(value); };
  set(kTotalFiles, number(before, kTotalFiles).value_or(listed.files) + input.added.files - input.removed.files);
  const auto rows = number(before, kTotalRows);
  if (const auto known = rows ? rows : listed.rows) set(kTotalRows, *known + input.added.rows - input.removed.rows);
  if (const auto bytes = number(before, kTotalBytes))
    set(kTotalBytes, *bytes + input.added.bytes - input.removed.bytes);
  const auto fewer = [&](const char* key, std::int64_t removed) {
    set(key, std::max<std::int64_t>(0, number(before, key).value_or(0) - removed));
  };
  fewer("total-delete-files", input.removed.delete_files);
  fewer("total-position-deletes", input.removed.position_deletes);
  fewer("total-equality-deletes", input.removed.equality_deletes);
}

void set_manifest_counts(const SummaryInput& input, Properties& summary) {
  std::set<std::string_view> before;
  for (const ManifestFile& manifest : *input.before) before.insert(manifest.manifest_path);
  std::size_t kept = 0;
  for (const ManifestFile& manifest : *input.after) kept += before.count(manifest.manifest_path);
  summary["manifests-created"] = std::to_string(input.after->size() - kept);
  summary["manifests-kept"] = std::to_string(kept);
  summary["manifests-replaced"] = std::to_string(before.size() - kept);
}

}  // namespace

void FileTotals::add(const DataFile& file) {
  bytes += file.file_size_in_bytes;
  ++(file.content == FileContent::kData ? files : delete_files);
  (file.content == FileContent::kData              ? rows
   : file.content == FileContent::kPositionDeletes ? position_deletes
                                                   : equality_deletes) += file.record_count;
}

void FileTotals::add(const FileTotals& other) {
  files += other.files;
  rows += other.rows;
  bytes += other.bytes;
  delete_files += other.delete_files;
  position_deletes += other.position_deletes;
  equality_deletes += other.equality_deletes;
}

Result<std::string_view> operation_of(const Change& change, const FileTotals& added, const FileTotals& removed) {
  if (change.removed.empty()) return "append";
  if (!change.rows_unchanged) return change.added.empty() ? "delete" : "overwrite";
  if (added.rows == removed.rows) return "replace";
  return fail(ErrorKind::kInvalidArgument, "a change that claims to keep all rows removes {} and adds {}", removed.rows,
              added.rows);
}

Properties make_summary(const SummaryInput& input) {
  Properties summary = *input.extra;
  summary["operation"] = input.operation;
  const auto set = [&summary](const char* key, std::int64_t value) {
    if (value != 0) summary[key] = std::to_string(value);
  };
  set("added-data-files", input.added.files);
  set("added-records", input.added.rows);
  set("added-files-size", input.added.bytes);
  set("deleted-data-files", input.removed.files);
  set("deleted-records", input.removed.rows);
  set("removed-files-size", input.removed.bytes);
  set("removed-delete-files", input.removed.delete_files);
  set("removed-position-deletes", input.removed.position_deletes);
  set("removed-equality-deletes", input.removed.equality_deletes);
  set("changed-partition-count", static_cast<std::int64_t>(input.changed_partitions));
  set_totals(input, summary);
  set_manifest_counts(input, summary);
  return summary;
}

}  // namespace earthcatalog::iceberg
