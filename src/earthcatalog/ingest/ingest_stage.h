// Fetch and parse, all at once: one thread that drives the fetch engine, a few that parse and cover, bounded queues
// between them, and chunks that complete in inventory order.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "earthcatalog/base/bounded_queue.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/ingester.h"
#include "earthcatalog/ingest/inventory_chunker.h"
#include "earthcatalog/ingest/problems.h"
#include "earthcatalog/result.h"

namespace earthcatalog::ingest {

struct IngestStageOptions {
  fetch::FetchOptions fetch;
  std::size_t workers = 1;
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;  ///< parts, bodies queued and in flight, files on their way
  bool keep_text = false;                                 ///< IngestContext::keep_text
  bool keep_pending = false;                              ///< Chunk::pending_objects
};

/// Starts when it is made; the maker's thread takes complete chunks out. The references must outlive it.
class IngestStage {
 public:
  /// The part of the memory limit that is left for the bytes of files on their way to a store.
  static std::int64_t bytes_for_writing(std::int64_t memory_limit_bytes);

  IngestStage(storage::Stores& stores, InventoryChunker& source, const grid::Partitioner& grid, Problems& problems,
              StartSchema& schema, const IngestStageOptions& options);
  ~IngestStage();

  /// Waits until something worth a look has happened, or for `timeout`. True when all is done or has been given up.
  bool wait(std::chrono::milliseconds timeout);
  /// Ends early: nothing more is begun, what is in flight is left.
  void stop() { stop_ = true; }
  /// Returns how it ended; call after wait() said true. A stop is no error.
  Status status() const;
  /// Returns how reading the inventory ended; nothing while it goes on.
  std::optional<Status> input_ended() const { return source_.ended(); }
  /// It ended because the inventory could not be read to its end.
  bool input_failed() const { return input_failed_; }

  bool has_complete_chunk() const;
  /// Memory is used up; nothing new is fetched before chunks are taken and released.
  bool memory_is_short() const { return short_of_memory_; }
  /// All chunks at the head of the line in which nothing is open any more, in inventory order.
  std::vector<std::shared_ptr<Chunk>> take_complete_chunks();
  /// Gives memory back: the accounted bytes of parts that are gone.
  void release(std::int64_t bytes);

  fetch::FetchCounters fetch_counters() const { return fetcher_.counters(); }
  Progress progress() const;

 private:
  struct Body {
    Chunk* chunk;
    fetch::Fetched fetched;
  };

  Result<fetch::Fetcher::Pull> next(fetch::Fetcher::Work& work);
  Status done(fetch::Fetched&& fetched);
  bool push_back();
  void cut_current();
  void fetch_loop();
  void work_loop(std::size_t worker);
  void settle(Chunk& chunk);
  void fail_with(Error error);

  InventoryChunker& source_;
  Problems& problems_;
  const IngestStageOptions options_;
  const std::int64_t held_limit_;
  fetch::Fetcher fetcher_;
  std::atomic<std::int64_t> held_bytes_{0};
  IngestContext context_;
  BoundedQueue<Body> bodies_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> short_of_memory_{false};
  std::atomic<bool> input_failed_{false};
  std::shared_ptr<Chunk> current_;  ///< of the fetch thread

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Chunk>> line_ EC_GUARDED_BY(mutex_);  ///< chunks not taken yet, in inventory order
  std::size_t threads_left_ EC_GUARDED_BY(mutex_) = 0;
  bool something_new_ EC_GUARDED_BY(mutex_) = false;
  Status status_ EC_GUARDED_BY(mutex_);
  std::atomic<std::int64_t> settled_{0}, missing_{0}, pending_{0}, rejected_{0}, unchanged_{0}, pulled_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace earthcatalog::ingest
