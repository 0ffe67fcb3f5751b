// Staged lines as the items that they hold, in columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::backfill {

class LineParser;

/// RowPartitioner groups rows by cell and year; here, where several partitions of any grid are written together, by
/// their number among them.
write::CellYear key_of_group(std::size_t number);
std::size_t group_of_key(const write::CellYear& key);

/// What RowPartitioner::make takes.
struct ItemColumns {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<write::PartitionRow> rows;  ///< in the order of their lines
  std::vector<grid::Bounds> bounds;
};

/// Not thread-safe.
class LineItems {
 public:
  /// `schema`: the columns of the table.
  explicit LineItems(std::shared_ptr<const stac::ItemSchema> schema);
  ~LineItems();

  struct Taken {
    storage::ObjectRef object;
    Hash128 identity;
    std::optional<TimeMicros> updated;
  };
  /// The item of a line, without its line feed, becomes a row of `group`; nothing when its object is one of `dropped`.
  /// kInvalidData for a line that append_line() did not write.
  Result<std::optional<Taken>> add(std::string_view line, std::size_t group,
                                   const std::unordered_set<Hash128>& dropped);

  std::size_t size() const { return columns_.rows.size(); }
  /// Of the rows that finish() gives, in memory. Costs some nanoseconds a column.
  std::int64_t bytes() const { return finished_bytes_ + (batch_ ? batch_->bytes() : 0); }
  /// All rows so far; none are left here.
  Result<ItemColumns> finish();

 private:
  Status finish_batch();

  const std::shared_ptr<const stac::ItemSchema> schema_;
  std::unique_ptr<LineParser> line_parser_;
  stac::ItemParser parser_;
  std::optional<stac::ItemBatch> batch_;
  std::int64_t finished_bytes_ = 0;
  ItemColumns columns_;
  std::string buffer_;
};

}  // namespace earthcatalog::backfill
