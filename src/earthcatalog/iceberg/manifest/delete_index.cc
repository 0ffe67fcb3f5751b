#include "earthcatalog/iceberg/manifest/delete_index_internal.h"

namespace earthcatalog::iceberg {
namespace {

// The field id of column file_path in position delete files, reserved by the specification.
constexpr int kFilePathId = 2147483546;

constexpr const char* kRemedy =
    "rewrite the table with the engine that wrote them, then run again (Spark: CALL "
    "<catalog>.system.rewrite_data_files("
    "table => '<table>', options => map('rewrite-all', 'true', 'remove-dangling-deletes', 'true')))";

std::string name_of(const std::string& uri) { return uri.substr(uri.rfind('/') + 1); }

// Names are compared without their folders, which engines spell in several ways: a file too many costs a look into it,
// one too few would bring deleted rows back.
std::string only_file_of(const DataFile& deletes) {
  if (deletes.referenced_data_file) return name_of(*deletes.referenced_data_file);
  const auto* lower = deletes.lower_bounds.find(kFilePathId);
  const auto* upper = deletes.upper_bounds.find(kFilePathId);
  return lower != nullptr && upper != nullptr && *lower == *upper ? name_of(*lower) : std::string();
}

bool applies(std::int64_t sequence_number, const std::string& only, const ManifestEntry& data_file) {
  return data_file.sequence_number.value_or(0) <= sequence_number &&
         (only.empty() || only == name_of(data_file.data_file.file_path));
}

Status check_form(const DataFile& file) {
  if (file.content == FileContent::kEqualityDeletes) {
    return fail(ErrorKind::kUnsupported, "the table has equality deletes ({}), which this program does not apply; {}",
                file.file_path, kRemedy);
  }
  if (file.file_format == "PARQUET" || file.file_format == "parquet") return {};
  return fail(ErrorKind::kUnsupported, "the table has {} ({}), which this program does not apply; {}",
              file.file_format == "PUFFIN" || file.file_format == "puffin" ? std::string("deletion vectors")
                                                                           : "deletes as " + file.file_format,
              file.file_path, kRemedy);
}

}  // namespace

Status DeleteIndex::add(std::int32_t spec_id, const ManifestEntry& entry) {
  const DataFile& file = entry.data_file;
  EC_TRY(check_form(file));
  deletes_[{spec_id, file.partition}].push_back({.file = {.file_path = file.file_path,
                                                          .file_size_in_bytes = file.file_size_in_bytes,
                                                          .record_count = file.record_count},
                                                 .sequence_number = entry.sequence_number.value_or(0),
                                                 .only = only_file_of(file)});
  return {};
}

std::vector<PositionDeletes> DeleteIndex::of(std::int32_t spec_id, const ManifestEntry& data_file) const {
  std::vector<PositionDeletes> found;
  const auto at = deletes_.find({spec_id, data_file.data_file.partition});
  if (at == deletes_.end()) return found;
  for (const Entry& entry : at->second) {
    if (applies(entry.sequence_number, entry.only, data_file)) found.push_back(entry.file);
  }
  return found;
}

bool may_apply(const ManifestEntry& deletes, const ManifestEntry& data_file) {
  return applies(deletes.sequence_number.value_or(0), only_file_of(deletes.data_file), data_file);
}

}  // namespace earthcatalog::iceberg
