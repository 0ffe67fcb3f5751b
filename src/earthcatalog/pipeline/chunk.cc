#include "earthcatalog/pipeline/chunk.h"

namespace earthcatalog::pipeline {

std::int64_t ChunkPart::bytes() const {
  // Strings of an object's reference and of its entry in the index, which the flush makes.
  constexpr std::int64_t kNames = 768;
  return batch.bytes() + static_cast<std::int64_t>(text.capacity()) +
         static_cast<std::int64_t>(items.capacity() * sizeof(ItemRecord) + items.size() * kNames +
                                   cells.capacity() * sizeof(grid::Cell) + bounds.capacity() * sizeof(grid::Bounds));
}

}  // namespace earthcatalog::pipeline
