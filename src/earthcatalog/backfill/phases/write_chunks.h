// Phase 1: the inventory, cut into chunks of a fixed number of keys that stay what they are.
#pragma once

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/unfinished_run.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct WriteChunksSpec {
  std::string staging;
  std::string parts;          ///< as the other specs have it; `staging` says the same
  RunSettings settings;       ///< inventory_identity is filled in here
  int write_concurrency = 8;  ///< chunks that are written side by side; memory: about 250 bytes for each of their keys
};

/// Writes `chunks/chunk_<6 digits>.parquet` and `chunks/_run.json`, and returns the latter. A run that was killed goes
/// on where it stopped; one that had finished does nothing, or continues in new chunks when the limit is larger now.
/// kInvalidArgument, naming the setting, when the staging prefix belongs to a backfill of something else. Errors of the
/// inventory are as open_inventory's; kCancelled when `hooks` say stop: what is written stays, and the next goes on.
Result<RunRecord> write_chunks(storage::Stores& stores, const WriteChunksSpec& spec, const Hooks& hooks);
/// The same for who has read the record that is there.
Result<RunRecord> write_chunks_after(storage::Stores& stores, const WriteChunksSpec& spec,
                                     const std::optional<RunRecord>& before, const Hooks& hooks);

/// Of the direct shape: claims the warehouse for a run (catalog::claim_unfinished_run()), also from one whose record is
/// gone: that is cleaned up but for its claim, or has not begun. kConflict when another run is not finished.
Status claim_place(storage::Stores& stores, const catalog::RunPlace& place);

/// The record of a staging prefix; nothing when it holds none.
Result<std::optional<RunRecord>> read_run_record(const Staging& staging);

EC_SPEC(WriteChunksSpec, staging, parts, settings, write_concurrency)

}  // namespace earthcatalog::backfill
