#include "earthcatalog/ingest/write_items.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/write/partition.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::ingest {
namespace {

struct ParsedLines {
  stac::ItemSchema schema;
  stac::ItemBatch batch;
  std::vector<write::PartitionRow> rows;
  std::vector<grid::Bounds> bounds;
  bool all_itslive = true;
};

// Any handle does for a cell whose name is known.
constexpr grid::Cell kTheCell = 1;

void add(const stac::ParsedItem& item, grid::Cell cell, ParsedLines& lines) {
  const auto box = item.wkb.empty() ? std::nullopt : grid::bounds(item.wkb);
  const auto year = item.datetime ? utc_year(*item.datetime) : write::kUnknownYear;
  lines.rows.push_back({.group = {cell, year},
                        .batch = 0,
                        .row = item.row,
                        .bounds = box ? static_cast<std::uint32_t>(lines.bounds.size()) : write::kNoBounds,
                        .primary = true});
  if (box) lines.bounds.push_back(*box);
  lines.all_itslive = lines.all_itslive && item.itslive;
}

Result<ParsedLines> parse(std::string_view ndjson, stac::SchemaKind kind, grid::Cell cell) {
  auto schema = stac::initial_schema(kind);
  ParsedLines lines{.schema = schema, .batch = stac::ItemBatch(std::make_shared<const stac::ItemSchema>(schema))};
  stac::ItemParser parser;
  for (std::size_t number = 1; !ndjson.empty(); ++number) {
    const auto line = ndjson.substr(0, ndjson.find('\n'));
    ndjson.remove_prefix(std::min(line.size() + 1, ndjson.size()));
    if (line.empty()) continue;
    const auto item = parser.append(std::string(line), lines.batch);
    if (!item) return fail(ErrorKind::kInvalidData, "line {} is no STAC item: {}", number, item.error().reason);
    add(*item, cell, lines);
  }
  if (lines.rows.empty()) return fail(ErrorKind::kInvalidArgument, "there are no items to write");
  return lines;
}

}  // namespace

Result<iceberg::DataFile> write_items(const storage::Location& where, std::string_view ndjson,
                                      const std::string& cell) {
  const auto handle = cell == grid::kNoCellName ? grid::kNoCell : kTheCell;
  EC_ASSIGN_OR_RETURN(auto lines, parse(ndjson, stac::SchemaKind::kItslive, handle));
  if (!lines.all_itslive) {
    EC_ASSIGN_OR_RETURN(lines, parse(ndjson, stac::SchemaKind::kAuto, handle));
    lines.schema = stac::evolve(lines.schema, lines.batch.observed(), kDefaultMaxColumns);
  }
  const auto schema = std::make_shared<const stac::ItemSchema>(std::move(lines.schema));
  EC_ASSIGN_OR_RETURN(auto batch, lines.batch.finish(*schema));
  EC_ASSIGN_OR_RETURN(
      const auto partitioner,
      write::RowPartitioner::make(schema, {std::move(batch)}, std::move(lines.rows), std::move(lines.bounds)));
  if (partitioner.groups().size() > 1) {
    return fail(ErrorKind::kInvalidArgument, "the items are of several years: write those of each by themselves");
  }
  const auto& group = partitioner.groups().front();
  EC_ASSIGN_OR_RETURN(const auto rows, partitioner.cut(group, 0, group.count, cell));
  EC_ASSIGN_OR_RETURN(const auto writers, write::PartitionWriters::make(catalog::iceberg_schema(*schema)));
  write::Partition partition{.cell = cell, .year = {}};
  if (group.key.year != write::kUnknownYear) partition.year = group.key.year;
  return writers.of(cell).write(where, {rows}, write::partition_key(partition));
}

}  // namespace earthcatalog::ingest
