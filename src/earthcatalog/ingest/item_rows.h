// Items in memory as rows: one for each cell.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::ingest {

/// An item among several parts.
struct ItemAddress {
  std::uint32_t part = 0, item = 0;
};

/// The input of RowPartitioner::make: row n's batch is that of its part.
struct ItemRows {
  std::vector<write::PartitionRow> rows;
  std::vector<grid::Bounds> bounds;
};
ItemRows rows_of(std::span<const std::unique_ptr<ChunkPart>> parts, std::span<const ItemAddress> items);

/// Parses each item that `rows` hold, and adds it to `batch`; kInvalidData should that not be possible.
Status read_items(const std::shared_ptr<arrow::RecordBatch>& rows, stac::ItemBatch& batch);

/// Items that were read into the columns of ITS_LIVE, read again into those of `auto`. Nothing was lost there.
Status reparse_as_auto(ChunkPart& part);

}  // namespace earthcatalog::ingest
