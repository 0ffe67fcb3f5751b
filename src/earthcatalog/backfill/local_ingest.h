// Phase 2 in one process: one chunk after the other, each with all workers, since a chunk keeps the network busy by
// itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "earthcatalog/backfill/backfill.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::backfill {

/// Ingests what of a run's chunks is not ingested. What it is given must outlive it.
class LocalIngest {
 public:
  LocalIngest(storage::Stores& stores, const BackfillSpec& spec, catalog::Catalog& catalog, const Staging& staging,
              const RunRecord& run)
      : stores_(stores), spec_(spec), catalog_(catalog), staging_(staging), run_(run) {}

  /// Calls `staged` with the record of each attempt, old or new. kCancelled when `hooks` say stop.
  Status run(const Hooks& hooks, const std::function<void(const ChunkRecord&)>& staged,
             const std::function<void()>& chunk_done);

 private:
  Result<IngestChunkSpec> spec_of(const Attempt& attempt) const;
  Result<bool> ingest_attempts(std::int64_t chunk, std::optional<ChunkRecord> first, const Hooks& hooks,
                               const std::function<void(const ChunkRecord&)>& staged);

  storage::Stores& stores_;
  const BackfillSpec& spec_;
  catalog::Catalog& catalog_;
  const Staging& staging_;
  const RunRecord& run_;
};

}  // namespace earthcatalog::backfill
