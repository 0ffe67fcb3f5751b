// Sorted rows in an unlinked file, and many sorted sequences of rows as one: the external half of a partition's sort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/index/duplicate_rows.h"
#include "earthcatalog/result.h"
#include "earthcatalog/write/sort_key.h"
#include "earthcatalog/write/take_rows.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace earthcatalog::compact {

using BatchSink = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

/// Sorted sequences of batches (Arrow IPC messages) in one file without a name. Not thread-safe.
class SortedRuns {
 public:
  explicit SortedRuns(std::string scratch_folder) : scratch_folder_(std::move(scratch_folder)) {}

  std::size_t size() const { return runs_.size(); }
  void begin_run() { runs_.emplace_back(); }
  /// The next rows of the run begun last; all batches have one schema.
  Status append(const arrow::RecordBatch& rows);
  /// The rows of a run; this object must outlive the stream. Memory is one batch.
  std::unique_ptr<geoparquet::RowStream> read(std::size_t run) const;

 private:
  class Reader;
  struct Extent {
    std::int64_t offset = 0, size = 0;
  };

  std::string scratch_folder_;
  std::optional<extsort::ScratchFile> file_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::vector<Extent>> runs_;
};

/// Collects rows of several batches by address, and gives them on as batches of `batch_rows`.
class RowCollector {
 public:
  /// `schema`: of the output, the first columns of what comes in.
  RowCollector(std::shared_ptr<arrow::Schema> schema, std::size_t batch_rows, BatchSink out);
  /// Names a batch for add(). Valid until epoch() changes.
  std::uint32_t hold(std::shared_ptr<arrow::RecordBatch> batch);
  std::int64_t epoch() const { return epoch_; }
  Status add(write::RowAddress row);
  /// Gives on what is left.
  Status flush();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::size_t batch_rows_;
  const BatchSink out_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  std::vector<write::RowAddress> rows_;
  std::int64_t epoch_ = 0;
};

/// The name of the column that carries a row's number (see DuplicateRows) through a run, behind all others.
inline constexpr const char* kRowNumberColumn = "earthcatalog_row_number";

/// Rows in order. Their numbers count up from `first_row`; without it the last column has them.
struct SortedInput {
  std::unique_ptr<geoparquet::RowStream> rows;
  std::optional<std::int64_t> first_row;
};

/// Merges by (platform, datetime), then by row number, and leaves dropped rows out. `batch_rows` at a time. Memory
/// is one batch of each input, and twice `batch_rows` rows.
Status merge_inputs(std::vector<SortedInput> inputs, const index::DuplicateRows& duplicates,
                    const std::shared_ptr<arrow::Schema>& schema, std::size_t batch_rows, const BatchSink& out);

}  // namespace earthcatalog::compact
