// Phase 1: the inventory, cut into chunks of a fixed number of keys that stay what they are.
#pragma once

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct WriteChunksSpec {
  std::string staging;
  std::string parts;     ///< as the other specs have it; `staging` says the same
  RunSettings settings;  ///< inventory_identity is filled in here
};

/// Writes `chunks/chunk_<6 digits>.parquet` and `chunks/_run.json`, and returns the latter. A run that was killed goes
/// on where it stopped; one that had finished does nothing, or continues in new chunks when the limit is larger now.
/// kInvalidArgument, naming the setting, when the staging prefix belongs to a backfill of something else. Errors of the
/// inventory are as open_inventory's.
Result<RunRecord> write_chunks(storage::Stores& stores, const WriteChunksSpec& spec);
/// The same for who has read the record that is there.
Result<RunRecord> write_chunks_after(storage::Stores& stores, const WriteChunksSpec& spec,
                                     const std::optional<RunRecord>& before);

/// The record of a staging prefix; nothing when it holds none.
Result<std::optional<RunRecord>> read_run_record(const Staging& staging);

EC_SPEC(WriteChunksSpec, staging, parts, settings)

}  // namespace earthcatalog::backfill
