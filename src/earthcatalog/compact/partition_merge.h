// Any number of rows of one partition, deduplicated and sorted by (platform, datetime), in bounded memory.
//
//   PartitionMerge merge(schema, options);
//   EC_TRY(merge.read(sources));
//   RollingWriter files(..., {.rows = merge.rows()});
//   EC_TRY(merge.write([&](const auto& rows) { return files.append(rows); }));
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/compact/sorted_runs.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/index/duplicate_rows.h"
#include "earthcatalog/result.h"
#include "earthcatalog/write/row_source.h"

namespace earthcatalog::compact {

struct MergeOptions {
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;  ///< besides the row group that the output is collecting
  std::string scratch_folder = "/var/tmp";  ///< for unlinked files, as large as the partition's rows in memory
};

/// Counts of how the rows were taken in, for reports and tests.
struct MergeCounts {
  std::int64_t runs = 0;            ///< sorted runs written to the scratch file
  std::int64_t sources_merged = 0;  ///< sources in order that are merged as they are
};

/// A partition that fits into a third of the limit is sorted in memory. Of a larger one, sources that are in order
/// already (and tell so cheaply) are merged as they are, as far as that third holds their streams; the rows of the
/// others become sorted runs in a scratch file. Not thread-safe.
class PartitionMerge {
 public:
  PartitionMerge(const iceberg::Schema& schema, MergeOptions options);

  /// Takes in the rows of `sources`, which must live until write() is done. Once.
  Status read(std::span<const std::unique_ptr<write::RowSource>> sources);

  /// After read(): what write() will give, and what it leaves out (DuplicateRows says which).
  std::int64_t rows() const { return duplicates_.rows() - duplicates_.dropped(); }
  std::int64_t dropped_rows() const { return duplicates_.dropped(); }
  const MergeCounts& counts() const { return counts_; }

  /// All rows in order; of equal ones those of an earlier source first. Once.
  Status write(const BatchSink& out);

 private:
  struct Held {
    std::shared_ptr<arrow::RecordBatch> rows;
    std::int64_t first_row = 0;
  };
  struct Direct {
    write::RowSource* source = nullptr;
    std::int64_t first_row = 0;
  };
  struct Position;

  void divide_memory(std::span<const std::unique_ptr<write::RowSource>> sources);
  Status read_into_memory(std::span<const std::unique_ptr<write::RowSource>> sources);
  Status read_large(std::span<const std::unique_ptr<write::RowSource>> sources);
  Result<bool> read_keys(write::RowSource& source);
  Status load(write::RowSource& source, std::int64_t first_row, bool with_identities);
  Status spill();
  std::vector<Position> order() const;
  Status write_held(const BatchSink& out);
  std::int64_t batch_rows(const write::RowSource& source, std::int64_t bytes) const;

  const iceberg::Schema& schema_;
  const MergeOptions options_;
  std::shared_ptr<arrow::Schema> columns_;  // of the rows
  bool fits_ = false;                       // all rows into memory
  std::int64_t room_ = 0;                   // bytes for rows held, or for streams of direct_
  std::int64_t merge_bytes_ = 0;            // of a batch of direct_ or runs_
  std::int64_t output_rows_ = 0;            // of a batch given on
  index::DuplicateRows duplicates_;
  std::vector<Held> held_;
  std::int64_t held_bytes_ = 0;
  SortedRuns runs_;
  std::vector<Direct> direct_;
  MergeCounts counts_;
};

/// The findings of a merge of `sources` that reads keys alone.
struct KeyScan {
  std::int64_t rows = 0;          ///< of all sources
  bool in_order = false;          ///< the rows as they come, one source after the other
  std::int64_t dropped_rows = 0;  ///< as PartitionMerge::dropped_rows()
};
/// Reads the columns that order and doubles are about, of all rows, and no others.
Result<KeyScan> scan_keys(std::span<const std::unique_ptr<write::RowSource>> sources, const iceberg::Schema& schema,
                          const MergeOptions& options);

}  // namespace earthcatalog::compact
