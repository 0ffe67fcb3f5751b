#include "earthcatalog/backfill/local_ingest.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/together.h"

namespace earthcatalog::backfill {

Status LocalIngest::run(const Hooks& hooks, const std::function<void(const ChunkRecord&)>& staged,
                        const std::function<void()>& chunk_done) {
  const bool retry = run_.first_attempt > 0;
  std::int64_t done = 0, before = 0;
  Hooks of_chunk = hooks;
  of_chunk.progress = [&](Progress progress) {
    progress.settled += done;
    progress.before = before;
    progress.total = retry ? run_.pending : run_.items;
    progress.total_is_estimate = false;
    if (hooks.progress) hooks.progress(progress);
  };
  for (std::int64_t chunk = 0; chunk < run_.chunks; ++chunk) {
    EC_TRY(check_stop(hooks));
    std::optional<ChunkRecord> first;
    EC_TRY(together({[&] { return catalog_.confirm_lock(); },
                     [&]() -> Status {
                       EC_ASSIGN_OR_RETURN(first,
                                           read_chunk_record(staging_, {chunk, run_.first_attempt}, run_.started));
                       return {};
                     }}));
    EC_ASSIGN_OR_RETURN(const bool worked, ingest_attempts(chunk, std::move(first), of_chunk, staged));
    chunk_done();
    if (retry) continue;
    const auto next = std::min(run_.items, (chunk + 1) * run_.settings.chunk_size);
    if (!worked) before += next - done;
    done = next;
  }
  return {};
}

// `first`: the marker of the first attempt, if it is there. False when earlier runs did all of the chunk.
Result<bool> LocalIngest::ingest_attempts(std::int64_t chunk, std::optional<ChunkRecord> first, const Hooks& hooks,
                                          const std::function<void(const ChunkRecord&)>& staged) {
  bool worked = false;
  for (Attempt at{chunk, run_.first_attempt};; ++at.number) {
    auto record = std::exchange(first, std::nullopt);
    if (at.number > run_.first_attempt) {
      EC_ASSIGN_OR_RETURN(record, read_chunk_record(staging_, at, run_.started));
    }
    if (!record && at.number == run_.first_attempt && at.number > 0) {
      EC_ASSIGN_OR_RETURN(const bool pending, staging_.exists(staging_.pending(chunk)));
      if (!pending) return worked;
    }
    const bool tried = !record && at.number > 0;  // one try a run
    if (!record) {
      EC_ASSIGN_OR_RETURN(const auto spec, spec_of(at));
      EC_ASSIGN_OR_RETURN(record, ingest_attempt(stores_, spec, run_, hooks));
      worked = true;
    }
    staged(*record);
    if (record->pending == 0 || tried || !spec_.retry_pending) return worked;
  }
}

Result<IngestChunkSpec> LocalIngest::spec_of(const Attempt& attempt) const {
  const auto& grid = catalog_.grid();
  TableSchema schema;
  if (catalog_.item_schema()) {
    EC_ASSIGN_OR_RETURN(const auto columns, catalog_.plan_schema(*catalog_.item_schema()));
    schema = describe(*catalog_.item_schema(), columns);
  }
  return IngestChunkSpec{.staging = staging_.root(),
                         .parts = staging_.parts(),
                         .schema = std::move(schema),
                         .max_columns = static_cast<std::int64_t>(spec_.max_columns),
                         .chunk = attempt.chunk,
                         .attempt = attempt.number,
                         .grid_type = grid.type,
                         .boundaries_path = grid.boundaries_path,
                         .id_field = grid.id_field,
                         .resolution = grid.resolution,
                         .python = grid.python,
                         .source_root = run_.settings.source_root,
                         .fetch_concurrency = spec_.fetch.concurrency,
                         .max_object_bytes = spec_.fetch.max_object_bytes,
                         .workers = spec_.workers,
                         .memory_limit_bytes = spec_.memory_limit_bytes,
                         .partitioner = spec_.partitioner};
}

}  // namespace earthcatalog::backfill
