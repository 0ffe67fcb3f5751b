// From fetched bytes to rows in memory: parse, cover, remember. One Ingester a worker thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/problems.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::ingest {

/// The schema that new parts start with. Flushes replace it when the table's grows. For a table that does not exist
/// yet and whose kind nobody asked for it starts as `itslive`, and the first item of another collection turns it to
/// `auto`. Thread-safe.
class StartSchema {
 public:
  StartSchema(std::shared_ptr<const stac::ItemSchema> schema, bool undecided)
      : schema_(std::move(schema)), undecided_(undecided) {}
  std::shared_ptr<const stac::ItemSchema> get() const {
    const MutexLock lock(mutex_);
    return schema_;
  }
  /// The table's kind is known now.
  void decide(std::shared_ptr<const stac::ItemSchema> schema) {
    const MutexLock lock(mutex_);
    schema_ = std::move(schema);
    undecided_ = false;
  }
  bool undecided() const {
    const MutexLock lock(mutex_);
    return undecided_;
  }
  /// An item that is none of ITS_LIVE's was met.
  void met_other_collection();

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const stac::ItemSchema> schema_ EC_GUARDED_BY(mutex_);
  bool undecided_ EC_GUARDED_BY(mutex_);
};

/// Shared by all workers.
struct IngestContext {
  const grid::Partitioner& grid;
  Problems& problems;
  std::atomic<std::int64_t>& held_bytes;  ///< of all parts in memory
  StartSchema& schema;
  bool keep_text = false;  ///< keep each item's minified JSON in place of its columns
};

/// Not thread-safe.
class Ingester {
 public:
  Ingester(IngestContext& context, std::size_t worker);

  /// How many objects the grid likes to have between two calls of finish().
  std::size_t most_at_once() const { return coverer_->most_at_once(); }
  /// Appends the item to this worker's part of the chunk, or counts and notes why it is none. A footprint that the
  /// grid cannot cover (too many cells) gives cell "__none__" and a line in the problems file. Fails when the grid
  /// does: the chunk must not be used then.
  Status ingest(Chunk& chunk, fetch::Fetched&& fetched);
  /// Finds the cells of what has been appended; until then none of it counts. Fails as ingest().
  Status finish();

 private:
  struct Uncovered {
    ChunkPart* part;
    std::size_t item;
  };

  Status append(ChunkPart& part, const storage::ObjectRef& object, const stac::ParsedItem& item);
  Status note_uncovered(const storage::ObjectRef& object, Error error);
  static void set_cells(ChunkPart& part, ItemRecord& item, std::span<const grid::Cell> cells);
  void keep_text(ChunkPart& part, std::string_view json);
  Status cover(const storage::ObjectRef& object, std::string_view wkb);
  void account(ChunkPart& part, std::size_t body_bytes);

  IngestContext& context_;
  const std::size_t worker_;
  std::unique_ptr<grid::Coverer> coverer_;
  stac::ItemParser parser_;
  std::vector<grid::Cell> cells_;
  std::vector<Uncovered> uncovered_;     // of a grid that likes many at once: what finish() is for
  std::vector<std::string> footprints_;  // of these
};

}  // namespace earthcatalog::ingest
