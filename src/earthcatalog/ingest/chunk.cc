#include "earthcatalog/ingest/chunk.h"

namespace earthcatalog::ingest {

std::int64_t ChunkPart::bytes() const {
  // Strings of an object's reference and of its entry in the index, which the flush makes.
  constexpr std::int64_t kNames = 768;
  return batch.bytes() + static_cast<std::int64_t>(text.capacity()) +
         static_cast<std::int64_t>(items.capacity() * sizeof(ItemRecord) + items.size() * kNames +
                                   rejected.size() * kNames + cells.capacity() * sizeof(grid::Cell) +
                                   bounds.capacity() * sizeof(grid::Bounds));
}

index::ObjectEntry entry_of(const ChunkPart& part, const ItemRecord& item, const grid::Partitioner& grid) {
  auto entry = index::entry_of(item.object);
  entry.identity = item.identity;
  entry.updated = item.updated;
  if (item.year != write::kUnknownYear) entry.year = item.year;
  entry.cells.reserve(item.cell_count);
  for (std::uint32_t c = 0; c < item.cell_count; ++c) entry.cells.push_back(grid.name(part.cells[item.first_cell + c]));
  return entry;
}

}  // namespace earthcatalog::ingest
