// Rows of a columnar inventory: Parquet or ORC, both read as Arrow record batches. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "earthcatalog/inventory/formats/row.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace earthcatalog::inventory {

struct TableOptions {
  std::string uri;           ///< for messages
  bool url_encoded = false;  ///< keys
};

/// Reads the footer. Then only the columns that matter are read, in batches: memory is bounded by pages (Parquet) or
/// a stripe (ORC), not by the file. kInvalidData when the file is none, or lacks bucket or key, or has them in a type
/// that cannot be right.
Result<std::unique_ptr<RowReader>> open_parquet_rows(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                     TableOptions options);
Result<std::unique_ptr<RowReader>> open_orc_rows(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 TableOptions options);

}  // namespace earthcatalog::inventory
