#include "earthcatalog/ingest/inventory_chunker.h"

#include <algorithm>
#include <cmath>

namespace earthcatalog::ingest {

InventoryChunker::InventoryChunker(inventory::Inventory& inventory, UnchangedLookup lookup, Options options)
    : inventory_(inventory), lookup_(std::move(lookup)), options_(options) {
  thread_ = std::jthread([this] {
    auto status = read();
    {
      const MutexLock lock(mutex_);
      ended_ = std::move(status);
    }
    queue_.close();
  });
}

InventoryChunker::~InventoryChunker() { queue_.close(); }

std::optional<Status> InventoryChunker::ended() const {
  const MutexLock lock(mutex_);
  return ended_;
}

inventory::InventoryCounts InventoryChunker::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

std::optional<InventoryChunker::Total> InventoryChunker::total() const {
  const MutexLock lock(mutex_);
  if (ended_ && *ended_) return Total{.items = counts_.items};
  if (!share_read_ || *share_read_ <= 0) return std::nullopt;
  const auto items = static_cast<double>(counts_.items) / std::min(*share_read_, 1.0);
  return Total{.items = std::llround(items), .is_estimate = true};
}

Status InventoryChunker::read() {
  while (true) {
    std::vector<storage::ObjectRef> objects;
    EC_TRY(inventory_.next(objects, options_.chunk_size));
    {
      const MutexLock lock(mutex_);
      counts_ = inventory_.counts();
      share_read_ = inventory_.share_read();
    }
    if (objects.empty()) return {};
    EC_ASSIGN_OR_RETURN(auto chunk, make_chunk(std::move(objects)));
    if (!queue_.push(std::move(chunk))) return {};
  }
}

Result<std::shared_ptr<Chunk>> InventoryChunker::make_chunk(std::vector<storage::ObjectRef> objects) {
  auto chunk = std::make_shared<Chunk>();
  chunk->source_items = static_cast<std::int64_t>(objects.size());
  chunk->parts.resize(options_.workers);
  EC_ASSIGN_OR_RETURN(const auto unchanged, lookup_(objects));
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (unchanged[i]) {
      ++chunk->unchanged;
    } else {
      chunk->objects.push_back(std::move(objects[i]));
    }
  }
  chunk->open = static_cast<std::int64_t>(chunk->objects.size());
  return chunk;
}

}  // namespace earthcatalog::ingest
