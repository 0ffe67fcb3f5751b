// The data files of a table: whether they are what its manifests say, and which rows they hold.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/maintenance/audit/audit.h"
#include "earthcatalog/maintenance/audit/audit_findings.h"
#include "earthcatalog/maintenance/audit/cover_counts.h"
#include "earthcatalog/maintenance/audit/row_facts.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

/// Reads every data file of the current snapshot, on `spec.workers` threads: its existence and size, the manifest's
/// claims, the cell and year of each row, and how many cells its item's footprint touches. Files are numbered in the
/// order of the manifests. Memory is the columns of a row group for each thread.
Status audit_files(const iceberg::Table& table, const AuditSpec& spec, CoverCounts& covers, Findings& findings,
                   AuditedRows& counted, RowFacts& facts);

/// A row with a fault, named.
struct NamedRow {
  std::string_view collection, id, cell;
  std::optional<std::int32_t> year;
  std::string_view file;
  Finding finding = Finding::kUnknownRows;
  bool nameless = false;  ///< RowFault::nameless
};

/// Reads `files` (by number) again and calls `visit` for each of `faults`, on several threads, one at a time.
Status name_rows(const iceberg::Table& table, const AuditSpec& spec, const std::vector<bool>& files,
                 const RowFaults& faults, const std::function<Status(const NamedRow&)>& visit);

}  // namespace earthcatalog::maintenance
