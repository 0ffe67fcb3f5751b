// Phase 3: the staged rows of some partitions, sorted and written as data files.
#pragma once

#include "earthcatalog/backfill/tasks/task_spec.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

/// Writes the data files of the groups into the warehouse, where no snapshot names them yet: the staged rows, and what
/// is left of the table's files that lose rows. Their description goes to Staging::task_files, and last the report to
/// Staging::task_report. A task that has its report is not done again; of two workers that do it at the same time, one
/// is first, and the other removes its own files and returns that one's report. kCancelled when `hooks` say stop.
/// Memory: the rows of the groups, about the bytes of their NDJSON, but of one group no more than the limit.
Result<CompactTaskReport> compact_group(storage::Stores& stores, const CompactTaskSpec& spec, const Hooks& hooks);

}  // namespace earthcatalog::backfill
