// The rows of one part that count, in the columns of the table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "earthcatalog/backfill/tasks/compact_task.h"
#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace arrow {
class Buffer;
}

namespace earthcatalog::backfill {

struct PartRows {
  std::string uri;
  std::int64_t rows = 0, bytes = 0;  ///< of the file
  PartForm form = PartForm::kSame;
  std::unordered_set<Hash128> dropped;     ///< items whose rows do not count
  std::shared_ptr<arrow::Buffer> content;  ///< of the file, when it was read already
};

/// Opens the file at each read(), unless its content is given. Errors name it.
class PartSource final : public write::RowSource {
 public:
  /// `schema`: the columns of the table.
  PartSource(storage::Stores& stores, PartRows part, std::shared_ptr<const stac::ItemSchema> schema)
      : stores_(stores), part_(std::move(part)), schema_(std::move(schema)) {}

  std::int64_t rows() const override { return part_.rows - std::ssize(part_.dropped); }
  std::int64_t bytes() const override;
  std::int64_t stream_bytes() const override;
  Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema, std::int64_t batch_rows) override;

 private:
  Result<std::unique_ptr<geoparquet::FileReader>> open() const;

  storage::Stores& stores_;
  const PartRows part_;
  const std::shared_ptr<const stac::ItemSchema> schema_;
  std::int64_t row_group_bytes_ = 0;
};

/// `rows` of a file of ours in the columns of `schema`, by way of the items that they hold: what had no column may have
/// one now. Row columns stay. kInvalidData when a row holds no item.
Result<std::shared_ptr<arrow::RecordBatch>> reread_as_items(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                            const std::shared_ptr<const stac::ItemSchema>& schema);

/// The properties of the items of a part that would like a column, as phase 2 observes them where it reads items for a
/// table of the schema `auto`.
Result<stac::ObservedProperties> observe_part(storage::Stores& stores, const std::string& uri, std::int64_t bytes);

}  // namespace earthcatalog::backfill
