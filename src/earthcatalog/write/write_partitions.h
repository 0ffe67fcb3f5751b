// The groups of a row cutter as data files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/partition.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::write {

struct WrittenFile {
  iceberg::DataFile file;
  std::int64_t primaries = 0;  ///< rows that are their item's with the smallest cell
};

struct WritePartitionsOptions {
  std::function<Partition(const CellYear&)> partition_of;  ///< where a group belongs
  std::function<std::string(const Partition&)> next_uri;   ///< of a partition's next file; called on many threads
  std::int64_t most_rows = kMostFileRows;                  ///< of a file
  Parallel parallel;                                       ///< Stores::parallel()
  ProgressFunction progress;                               ///< told of the files that are written
};

/// Writes each group as one file, or as several of `most_rows` and a rest. No commit names the files yet. After an
/// error they are removed again as far as that works.
Result<std::vector<WrittenFile>> write_partitions(storage::Stores& stores, const RowPartitioner& cutter,
                                                  const PartitionWriters& writer,
                                                  const WritePartitionsOptions& options);

}  // namespace earthcatalog::write
