// The part that Parquet and ORC inventories share once they are Arrow record batches. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "earthcatalog/inventory/formats/column_values.h"
#include "earthcatalog/inventory/formats/columns.h"
#include "earthcatalog/inventory/formats/row.h"
#include "earthcatalog/inventory/formats/table_rows.h"

namespace arrow {
class RecordBatchReader;
class Schema;
}  // namespace arrow

namespace earthcatalog::inventory {

inline constexpr std::int64_t kBatchRows = 16'384;

/// Finds the columns by name and checks their types.
Result<ColumnMap> map_table_columns(const arrow::Schema& schema);

class BatchRows : public RowReader {
 public:
  /// `columns` are indices into the batches; `total_rows` is what the file's footer says.
  BatchRows(std::shared_ptr<arrow::RecordBatchReader> batches, ColumnMap columns, std::int64_t total_rows,
            TableOptions options);

  Result<bool> next(Row& row) override;
  std::string position() const override;
  std::optional<double> share_read() const override;

 private:
  Status next_batch();

  TableOptions options_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  ColumnMap columns_;
  std::int64_t total_rows_;
  TextColumn bucket_, key_, etag_;
  NumberColumn size_;
  TimeColumn last_modified_;
  FlagColumn is_latest_, is_delete_marker_;
  std::int64_t first_row_ = 0;  // rows in the batches before this one
  std::int64_t row_ = 0;        // of the batch, the next one
  std::int64_t rows_ = 0;       // in the batch
  bool ended_ = false;
};

}  // namespace earthcatalog::inventory
