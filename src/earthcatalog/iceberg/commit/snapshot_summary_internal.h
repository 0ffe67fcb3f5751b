// The summary of a snapshot (https://iceberg.apache.org/spec/#optional-snapshot-summary-fields).
#pragma once

#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/commit/change_internal.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {

/// Totals of what came or went: data files and their rows, delete files and what they delete, and the bytes of both.
struct FileTotals {
  std::int64_t files = 0, rows = 0, bytes = 0;
  std::int64_t delete_files = 0, position_deletes = 0, equality_deletes = 0;
  void add(const DataFile& file);
  void add(const FileTotals& other);
};

/// append, overwrite, replace or delete. kInvalidArgument when "the same rows" are more or fewer.
Result<std::string_view> operation_of(const Change& change, const FileTotals& added, const FileTotals& removed);

struct SummaryInput {
  std::string_view operation;
  const Properties* extra = nullptr;  ///< the caller's own; Iceberg's keys win
  FileTotals added = {}, removed = {};
  std::size_t changed_partitions = 0;
  const Snapshot* parent = nullptr;
  const std::vector<ManifestFile>*before = nullptr, *after = nullptr;  ///< the manifest lists
};

Properties make_summary(const SummaryInput& input);

}  // namespace earthcatalog::iceberg
