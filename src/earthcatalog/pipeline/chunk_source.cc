#include "earthcatalog/pipeline/chunk_source.h"

namespace earthcatalog::pipeline {

ChunkSource::ChunkSource(inventory::Inventory& inventory, UnchangedLookup lookup, Options options)
    : inventory_(inventory), lookup_(std::move(lookup)), options_(options) {
  thread_ = std::jthread([this] {
    auto status = read();
    {
      const std::lock_guard lock(mutex_);
      status_ = std::move(status);
    }
    queue_.close();
  });
}

ChunkSource::~ChunkSource() { queue_.close(); }

Status ChunkSource::status() {
  const std::lock_guard lock(mutex_);
  return status_;
}

inventory::InventoryCounts ChunkSource::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Status ChunkSource::read() {
  while (true) {
    std::vector<storage::ObjectRef> objects;
    EC_TRY(inventory_.next(objects, options_.chunk_size));
    {
      const std::lock_guard lock(mutex_);
      counts_ = inventory_.counts();
    }
    if (objects.empty()) return {};
    EC_ASSIGN_OR_RETURN(auto chunk, make_chunk(std::move(objects)));
    if (!queue_.push(std::move(chunk))) return {};
  }
}

Result<std::shared_ptr<Chunk>> ChunkSource::make_chunk(std::vector<storage::ObjectRef> objects) {
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

}  // namespace earthcatalog::pipeline
