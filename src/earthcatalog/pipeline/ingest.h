// From fetched bytes to rows in memory: parse, cover, remember. One Ingester a worker thread.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/pipeline/chunk.h"
#include "earthcatalog/pipeline/problems.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::pipeline {

/// What all workers share.
struct IngestContext {
  const grid::Partitioner& grid;
  Problems& problems;
  std::atomic<std::int64_t>& held_bytes;  ///< of all parts in memory
  /// The schema that new parts start with; a pointer that the flush may replace.
  std::atomic<std::shared_ptr<const stac::ItemSchema>>& schema;
};

/// Not thread-safe.
class Ingester {
 public:
  Ingester(IngestContext& context, std::size_t worker);

  /// Appends the item to this worker's part of the chunk, or counts and notes why it is none. Fails only when the
  /// footprint asks for more than the grid can give (a limit that the user must raise).
  Status ingest(Chunk& chunk, fetch::Fetched&& fetched);

 private:
  Status append(ChunkPart& part, const storage::ObjectRef& object, const stac::ParsedItem& item);
  void account(ChunkPart& part);

  IngestContext& context_;
  const std::size_t worker_;
  std::unique_ptr<grid::Coverer> coverer_;
  stac::ItemParser parser_;
  std::vector<grid::Cell> cells_;
};

}  // namespace earthcatalog::pipeline
