// Decides item by item which of its rows should be in the table, and which are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/maintenance/audit/audit.h"
#include "earthcatalog/maintenance/audit/row_facts.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

/// The verdict, still without names.
struct RowVerdict {
  RowFaults rows;
  EntryFaults entries;
  std::int64_t unknown = 0;        ///< of `rows`: rows that no object of the index owns
  std::vector<bool> faulty_files;  ///< by number: which have rows with faults
};

/// Takes all facts. Of several rows of an item in one place the one of the right version counts, the others are
/// doubled; a row that counts is held, stale or unknown. Counts held rows and items in `counted`.
Result<RowVerdict> judge_rows(RowFacts& facts, const extsort::HashTableOptions& options, AuditedRows& counted);

}  // namespace earthcatalog::maintenance
