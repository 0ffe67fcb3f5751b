// Counts the spread of items over the grid: a resolution too fine for their footprints makes rows and files explode.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/item_rows.h"

namespace earthcatalog::ingest {

struct Spread {
  std::int64_t items = 0, rows = 0;
  std::int64_t files = 0;  ///< of one cell and year each, in one commit
};

/// Counts the items at `items` in `parts`; a file takes at most `most_rows` rows.
Spread spread_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::span<const ItemAddress> items,
                 std::int64_t most_rows);
/// Counts all items in `parts`.
Spread spread_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::int64_t most_rows);

/// Returns a warning to give before such rows are written; nothing when the grid suits the footprints.
std::optional<std::string> warning_of(const Spread& spread);

/// Estimates the bytes that files of so many rows would take: measured on ITS_LIVE's items, and no better than that.
std::int64_t estimate_bytes(const Spread& spread);

}  // namespace earthcatalog::ingest
