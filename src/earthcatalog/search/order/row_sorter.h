// Sorts rows by keys in bounded memory: what does not fit goes to an unlinked file as sorted runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace earthcatalog::search {

struct RowSorterOptions {
  std::optional<std::int64_t> keep;  ///< only so many rows, the first ones
  std::string after;                 ///< only rows whose key is greater; empty: all
  std::int64_t memory_bytes = 64 << 20;
  std::string scratch_folder = "/var/tmp";
};

/// No two rows have the same key. admits() and add() may be called from many threads at once.
class RowSorter {
 public:
  explicit RowSorter(RowSorterOptions options) : options_(std::move(options)) {}

  /// False when the row of that key is none of those that are kept.
  bool admits(std::string_view key) const;
  /// `keys` has one for each row. All batches have one schema.
  Status add(const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<std::string>& keys);

  /// Calls `visit` with the rows in their order, at most `batch_rows` at a time, and their keys, until it says false.
  /// Nothing may be added any more.
  using Visit =
      std::function<Result<bool>(const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<std::string>&& keys)>;
  Status drain(std::int64_t batch_rows, const Visit& visit);

 private:
  class Cursor;
  struct Extent {
    std::int64_t offset = 0, bytes = 0;
  };
  using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  bool admits_locked(std::string_view key) const EC_REQUIRES(mutex_);
  Result<std::shared_ptr<arrow::RecordBatch>> sorted() EC_REQUIRES(mutex_);
  Status shrink() EC_REQUIRES(mutex_);
  Status spill(const arrow::RecordBatch& rows) EC_REQUIRES(mutex_);

  const RowSorterOptions options_;
  mutable Mutex mutex_;
  std::string last_ EC_GUARDED_BY(mutex_);                       // the greatest key that can be kept; empty: any
  std::shared_ptr<arrow::Schema> schema_ EC_GUARDED_BY(mutex_);  // of the batches; its last column is the key
  Batches batches_ EC_GUARDED_BY(mutex_);
  std::int64_t rows_ EC_GUARDED_BY(mutex_) = 0, bytes_ EC_GUARDED_BY(mutex_) = 0;
  std::optional<extsort::ScratchFile> file_ EC_GUARDED_BY(mutex_);
  std::vector<std::vector<Extent>> runs_ EC_GUARDED_BY(mutex_);  // of each run its batches
};

}  // namespace earthcatalog::search
