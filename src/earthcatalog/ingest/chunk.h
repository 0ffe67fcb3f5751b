// A chunk: some inventory keys, in order, and what became of them. The unit of fetch and progress.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::ingest {

/// An item in memory, beside its columns.
struct ItemRecord {
  storage::ObjectRef object;
  Hash128 identity;
  std::optional<TimeMicros> updated;
  std::int32_t year = write::kUnknownYear;
  std::uint32_t row = 0;                         ///< in its part's batch; without meaning where texts are kept
  std::size_t text_first = 0, text_size = 0;     ///< in its part's text
  std::uint32_t first_cell = 0, cell_count = 0;  ///< in its part's cells, by name
  std::uint32_t bounds = write::kNoBounds;       ///< in its part's bounds
  bool undatable = false;                        ///< had a datetime that nobody can read
};

/// The items of one chunk that one worker parsed.
struct ChunkPart {
  explicit ChunkPart(std::shared_ptr<const stac::ItemSchema> item_schema)
      : schema(std::move(item_schema)), batch(schema) {}

  std::shared_ptr<const stac::ItemSchema> schema;
  stac::ItemBatch batch;
  std::vector<ItemRecord> items;
  std::vector<grid::Cell> cells;
  std::vector<grid::Bounds> bounds;
  stac::GrowBuffer text;                       ///< minified JSON, where texts are kept in place of columns
  stac::ObservedProperties observed{};         ///< of the items whose columns have been dropped
  std::vector<storage::ObjectRef> rejected{};  ///< objects that were read and hold no Item
  bool all_itslive = true;
  std::int64_t accounted_bytes = 0;       ///< what the run's total counts for it
  std::size_t unmeasured_body_bytes = 0;  ///< of the objects read since that was counted

  /// Bytes of memory held.
  std::int64_t bytes() const;
};

/// The object index's entry of an item of `part`.
index::ObjectEntry entry_of(const ChunkPart& part, const ItemRecord& item, const grid::Partitioner& grid);

/// An object that gave up for now.
struct PendingObject {
  storage::ObjectRef object;
  std::string error;
};

struct Chunk {
  std::vector<storage::ObjectRef> objects;        ///< to fetch; each is moved out when it is pulled
  std::size_t pulled = 0;                         ///< touched by the fetch thread alone
  std::atomic<std::int64_t> open = 0;             ///< not settled yet: unpulled, in flight or being parsed
  std::vector<std::unique_ptr<ChunkPart>> parts;  ///< one slot a worker, filled by that worker alone

  std::int64_t source_items = 0;  ///< keys of the inventory that it stands for
  std::int64_t unchanged = 0;     ///< of these, recorded already
  std::atomic<std::int64_t> missing = 0, pending = 0, rejected = 0;
  std::string first_missing;  ///< URI of a missing object; touched by the fetch thread until it completes
  std::vector<PendingObject> pending_objects;  ///< where they are kept; touched by the fetch thread until it completes
};

}  // namespace earthcatalog::ingest
