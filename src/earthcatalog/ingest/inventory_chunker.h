// Reads the inventory ahead of the fetch and cuts it into chunks, without what the object index knows as unchanged.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "earthcatalog/base/bounded_queue.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"

namespace earthcatalog::ingest {

/// True for each object that need not be fetched.
using UnchangedLookup = std::function<Result<std::vector<bool>>(std::span<const storage::ObjectRef>)>;

class InventoryChunker {
 public:
  struct Options {
    std::size_t chunk_size = static_cast<std::size_t>(kDefaultChunkKeys);
    std::size_t workers = 1;  ///< slots for parts in each chunk
  };

  /// Starts to read at once, one chunk ahead. `inventory` must outlive the source.
  InventoryChunker(inventory::Inventory& inventory, UnchangedLookup lookup, Options options);
  ~InventoryChunker();

  /// The next chunk if one is ready; nothing else to say when there is none yet.
  std::shared_ptr<Chunk> try_next() { return queue_.try_pop().value_or(nullptr); }
  /// No chunk is left and none will come.
  bool finished() const { return queue_.closed() && queue_.size() == 0; }
  /// Returns how reading ended; nothing while it goes on. From any thread.
  std::optional<Status> ended() const;
  /// Counts of the inventory so far, from any thread.
  inventory::InventoryCounts counts() const;
  /// Objects that it will have given in the end: known once it has been read, before that judged by how much of it
  /// has been. Nothing where nobody can tell. From any thread.
  struct Total {
    std::int64_t items = 0;
    bool is_estimate = false;
  };
  std::optional<Total> total() const;

 private:
  Status read();
  Result<std::shared_ptr<Chunk>> make_chunk(std::vector<storage::ObjectRef> objects);

  inventory::Inventory& inventory_;
  const UnchangedLookup lookup_;
  const Options options_;
  BoundedQueue<std::shared_ptr<Chunk>> queue_{1};
  mutable Mutex mutex_;
  inventory::InventoryCounts counts_ EC_GUARDED_BY(mutex_);
  std::optional<double> share_read_ EC_GUARDED_BY(mutex_);
  std::optional<Status> ended_ EC_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace earthcatalog::ingest
