#include "earthcatalog/ingest/spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace earthcatalog::ingest {
namespace {

// ITS_LIVE has 1.6 cells an item at resolution 1. Fewer rows than this are soon written.
constexpr std::int64_t kMostCellsAnItem = 8, kFewRows = 1'000;
// A small file is mostly its footer.
constexpr std::int64_t kBytesAFile = 8'000, kBytesARow = 900;

using Groups = std::vector<std::pair<grid::Cell, std::int32_t>>;

void add(const ChunkPart& part, const ItemRecord& item, Spread& spread, Groups& groups) {
  ++spread.items;
  spread.rows += item.cell_count;
  for (std::uint32_t i = 0; i < item.cell_count; ++i) groups.emplace_back(part.cells[item.first_cell + i], item.year);
}

std::int64_t count_files(Groups groups, std::int64_t most_rows) {
  std::ranges::sort(groups);
  std::int64_t files = 0;
  for (auto first = groups.begin(); first != groups.end();) {
    const auto end = std::upper_bound(first, groups.end(), *first);
    files += (end - first + most_rows - 1) / most_rows;
    first = end;
  }
  return files;
}

}  // namespace

Spread spread_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::span<const ItemAddress> items,
                 std::int64_t most_rows) {
  Spread spread;
  Groups groups;
  for (const auto& at : items) add(*parts[at.part], parts[at.part]->items[at.item], spread, groups);
  spread.files = count_files(std::move(groups), most_rows);
  return spread;
}

Spread spread_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::int64_t most_rows) {
  Spread spread;
  Groups groups;
  for (const auto& part : parts) {
    for (const auto& item : part->items) add(*part, item, spread, groups);
  }
  spread.files = count_files(std::move(groups), most_rows);
  return spread;
}

std::optional<std::string> warning_of(const Spread& spread) {
  if (spread.rows < kFewRows || spread.rows <= kMostCellsAnItem * spread.items) return std::nullopt;
  return fmt::format(
      "the grid is finer than the footprints: {} items make {} rows in {} files, {:.0f} cells an item; a coarser "
      "`h3_resolution` for the table makes fewer",
      spread.items, spread.rows, spread.files, static_cast<double>(spread.rows) / static_cast<double>(spread.items));
}

std::int64_t estimate_bytes(const Spread& spread) { return kBytesAFile * spread.files + kBytesARow * spread.rows; }

}  // namespace earthcatalog::ingest
