// One GeoParquet 1.1 file from sorted rows: https://geoparquet.org/releases/v1.1.0/, with the stac-geoparquet key
// and Iceberg field ids. See docs/warehouse_format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::geoparquet {

struct WriteOptions {
  std::int64_t row_group_rows = 25'000;
  int max_row_groups = 4;      ///< more rows than row_group_rows * max_row_groups are an error of the caller
  int zstd_level = 3;
  bool covering = true;        ///< bbox covering; false for files of the cell "__none__"
  std::string collection;      ///< for the stac-geoparquet key; empty: left out
};

/// Writes one file and describes it for a manifest from the writer's own statistics: path, size, counts, bounds.
/// `batches` hold the rows in file order, with the columns of `schema` in its order; their partition is `partition`.
/// The object appears whole or not at all.
Result<iceberg::DataFile> write_file(const storage::Location& where,
                                     const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                     const iceberg::Schema& schema, const iceberg::PartitionKey& partition,
                                     const WriteOptions& options);

}  // namespace earthcatalog::geoparquet
