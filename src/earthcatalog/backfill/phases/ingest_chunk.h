// Phase 2: one chunk's objects fetched, covered and staged by partition: as lines of NDJSON, or as sorted data files
// (parts).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/records.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::backfill {

struct IngestChunkSpec {
  std::string staging;
  std::string parts;   ///< where data files go, in the direct shape; empty: NDJSON is staged
  TableSchema schema;  ///< of the parts: the table's; an empty kind: there is no table yet, and nobody asked for one
  std::int64_t max_columns = kDefaultMaxColumns;
  std::int64_t chunk = 0;
  int attempt = 0;  ///< 0: the chunk; n: what is pending of it after n - 1
  /// 8 hex digits of this worker's own, which go into the names of what it stages: two workers may do one chunk at the
  /// same time then. Empty: only one may.
  std::string writer;
  std::string grid_type = "h3", boundaries_path, id_field;
  int resolution = 1;
  std::string python;  ///< GridSpec::python; `partitioner` is needed then
  std::string source_root = "s3://";
  int fetch_concurrency = 256;
  std::int64_t max_object_bytes = 16 << 20;
  int workers = 1;
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  bool counts_only = false;  ///< of run_phase(): the report does without files, runs, schemas and observed properties
  /// Finds the cells in place of the grid that the other members name. No JSON says it.
  std::shared_ptr<const grid::Partitioner> partitioner = {};

  grid::GridSpec grid() const {
    return {.type = grid_type,
            .resolution = resolution,
            .boundaries_path = boundaries_path,
            .id_field = id_field,
            .python = python};
  }
};

/// Writes the NDJSON or the parts of the chunk, its object index entries, what the next attempt has to fetch, its
/// problems file, then its `.done` marker, which is also returned, and last its list of pending objects. An attempt
/// that has its marker already is not done again; when another worker's marker comes first, that one is returned.
/// kCancelled when `hooks` say stop: nothing of the attempt counts then. kNotFound when no write_chunks() has been in
/// that place.
Result<ChunkRecord> ingest_chunk(storage::Stores& stores, const IngestChunkSpec& spec, const Hooks& hooks);

/// The same for who has read the run record and found no marker of the attempt, and who holds the catalog's lock.
Result<ChunkRecord> ingest_attempt(storage::Stores& stores, const IngestChunkSpec& spec, const RunRecord& run,
                                   const Hooks& hooks);

/// The marker of an attempt; nothing when it was not finished, or is one that another backfill left in the same place.
/// `started` is that of the run record.
Result<std::optional<ChunkRecord>> read_chunk_record(const Staging& staging, const Attempt& attempt,
                                                     TimeMicros started);

/// Of the direct shape: the chunk's parts with the names that the Python system's FileMetadata gives to what they are
/// (s3_key: relative to the warehouse, grid_partition, year: null when unknown, row_count, file_size_bytes).
nlohmann::json part_files(const Staging& staging, const ChunkRecord& record);

/// Makes the list of the chunk's pending objects what its last attempt left: none when that is nothing. ingest_chunk()
/// does so after the marker, and a clean-up again, which would take away what a killed run had still to do.
Status publish_pending(const Staging& staging, const ChunkRecord& last);

EC_SPEC(IngestChunkSpec, staging, parts, schema, max_columns, chunk, attempt, writer, grid_type, boundaries_path,
        id_field, resolution, python, source_root, fetch_concurrency, max_object_bytes, workers, memory_limit_bytes,
        counts_only)

}  // namespace earthcatalog::backfill
