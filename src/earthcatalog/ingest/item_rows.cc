#include "earthcatalog/ingest/item_rows.h"

#include <arrow/record_batch.h>

#include <utility>

namespace earthcatalog::ingest {

ItemRows rows_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::span<const ItemAddress> items) {
  ItemRows result;
  for (const ItemAddress& at : items) {
    const ChunkPart& part = *parts[at.part];
    const ItemRecord& item = part.items[at.item];
    std::uint32_t box = write::kNoBounds;
    if (item.bounds != write::kNoBounds) {
      box = static_cast<std::uint32_t>(result.bounds.size());
      result.bounds.push_back(part.bounds[item.bounds]);
    }
    for (std::uint32_t c = 0; c < item.cell_count; ++c) {
      result.rows.push_back({.group = {part.cells[item.first_cell + c], item.year},
                             .batch = at.part,
                             .row = item.row,
                             .bounds = box,
                             .primary = c == 0});
    }
  }
  return result;
}

Status read_items(const std::shared_ptr<arrow::RecordBatch>& rows, stac::ItemBatch& batch) {
  const stac::ItemWriter writer(rows);
  stac::ItemParser parser;
  std::string json;
  for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
    json.clear();
    EC_TRY(writer.append_json(row, json));
    json.reserve(json.size() + 64);
    if (const auto parsed = parser.append(json, batch); !parsed) {
      return fail(ErrorKind::kInvalidData, "an item read back from its row is none: {}", parsed.error().reason);
    }
  }
  return {};
}

Status reparse_as_auto(ChunkPart& part) {
  EC_ASSIGN_OR_RETURN(const auto rows, part.batch.finish(*part.schema));
  auto schema = std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto));
  stac::ItemBatch batch(schema);
  EC_TRY(read_items(rows, batch));
  part.batch = std::move(batch);
  part.schema = std::move(schema);
  return {};
}

}  // namespace earthcatalog::ingest
