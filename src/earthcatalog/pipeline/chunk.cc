#include "earthcatalog/pipeline/chunk.h"

namespace earthcatalog::pipeline {

std::int64_t ChunkPart::bytes() const {
  constexpr std::int64_t kNames = 256;  // bucket, key and etag of an object: short strings on the heap
  return batch.bytes() + static_cast<std::int64_t>(items.capacity() * sizeof(ItemRecord) + items.size() * kNames +
                                                   cells.capacity() * sizeof(grid::Cell) +
                                                   bounds.capacity() * sizeof(grid::Bounds));
}

}  // namespace earthcatalog::pipeline
