// What a backfill in one process says of itself, from what is staged and committed.
#pragma once

#include <cstdint>
#include <string_view>

#include "earthcatalog/backfill/phases/commit.h"
#include "earthcatalog/backfill/phases/staged_summary.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/ingest/report.h"

namespace earthcatalog::backfill {

/// Adds a chunk that is staged, for the report of a run that does not come to the commit.
void add_chunk(const ChunkRecord& record, ingest::Report& report);
/// Counts anew, from all chunks.
void count_staged(const RunRecord& run, const StagedSummary& summary, ingest::Report& report);
void count_commit(const Committed& committed, ingest::Report& report);
/// An earlier run has committed the summary; which of its items lost to the table only that run knew.
void count_earlier_commit(const iceberg::Snapshot& snapshot, const StagedSummary& summary, ingest::Report& report);
/// The table's rows are those of a backfill with the same settings.
void count_repeated(const iceberg::Snapshot& snapshot, ingest::Report& report);
/// Nothing was committed: what is staged is not written.
void take_back(ingest::Report& report);

}  // namespace earthcatalog::backfill
