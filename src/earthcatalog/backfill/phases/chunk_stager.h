// What one attempt of phase 2 has fetched, staged in one of the two forms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/records.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/ingest_stage.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

using ChunkParts = std::vector<std::unique_ptr<ingest::ChunkPart>>;

/// What a stager works with. All of it must outlive the stager.
struct StagerContext {
  storage::Stores& stores;
  const IngestChunkSpec& spec;
  const RunRecord& run;
  const Staging& staging;
  const grid::Partitioner& grid;
  ChunkRecord& record;  ///< rows, files, runs and counts of what is staged are added to it
};

/// Stages spill after spill of one attempt. Not thread-safe.
class ChunkStager {
 public:
  virtual ~ChunkStager() = default;

  /// Items are to be handed over with their text.
  virtual bool needs_text() const = 0;
  /// The columns that items are read with.
  virtual Result<std::unique_ptr<ingest::StartSchema>> start_schema() const = 0;
  /// Writes the rows of a spill, which may be none; `is_last`: no other follows.
  virtual Status write(ChunkParts parts, bool is_last) = 0;
  /// The text of the attempt's marker.
  virtual std::string marker() const { return to_json_text(context_.record); }

 protected:
  explicit ChunkStager(const StagerContext& context) : context_(context) {}
  Attempt at() const { return context_.record.at(); }
  Parallel parallel() const;
  /// As a run of the object index: the commit merges the chunks' runs without a look at their entries.
  Status write_entries();

  const StagerContext context_;
  std::vector<index::ObjectEntry> entries_;  // not written yet
};

std::unique_ptr<ChunkStager> make_ndjson_stager(const StagerContext& context);
std::unique_ptr<ChunkStager> make_parquet_stager(const StagerContext& context);

}  // namespace earthcatalog::backfill
