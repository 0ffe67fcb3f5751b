// Rows of one partition, wherever they lie.
#pragma once

#include <cstdint>
#include <memory>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::write {

/// Rows of a partition that can be read more than once, always in the same order. Not thread-safe.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::int64_t rows() const = 0;
  /// About what all its rows take in memory; a guess is enough.
  virtual std::int64_t bytes() const = 0;
  /// About what a stream takes besides the batch that it gave. Asked after the first read().
  virtual std::int64_t stream_bytes() const = 0;
  /// False: to read some columns alone takes as long as to read all.
  virtual bool keys_are_cheap() const { return true; }
  /// All rows with the columns of `schema` (the table's, or some of them), at most `batch_rows` at a time. One stream
  /// at a time; the source must outlive it.
  virtual Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema,
                                                              std::int64_t batch_rows) = 0;
};

}  // namespace earthcatalog::write
