// Copy-on-write: data files without some of their rows.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/file_names.h"
#include "earthcatalog/write/partition.h"
#include "earthcatalog/write/partition_writers.h"

namespace earthcatalog::write {

/// Rows to drop: in which partitions, of which items.
using Removals = std::map<Partition, std::unordered_set<Hash128>>;

/// Passes the files of the partitions that `removals` names; empty ones pass everything.
iceberg::FileFilter filter_of(const Removals& removals);

/// Lists the table's files, of the current snapshot, in the partitions that `removals` names.
Result<std::vector<iceberg::DataFile>> files_of(const iceberg::Table& table, const Removals& removals);

struct RemovedRows {
  std::vector<iceberg::DataFile> added;    ///< what is left of files that lost some rows
  std::vector<iceberg::DataFile> removed;  ///< files that lost rows
  std::int64_t rows_removed = 0;
};

/// Looks into each of `files` for rows of items that `removals` names in its partition, and writes those files that
/// have some anew without them, side by side (Stores::parallel()): the other rows in the same order, in as few files as
/// they fit in. Memory is a few row groups of the old file for each thread. An error leaves new files that no commit
/// names; they are removed again as far as that works.
Result<RemovedRows> remove_rows(storage::Stores& stores, const std::vector<iceberg::DataFile>& files,
                                const Removals& removals, FileNames& names, const PartitionWriters& writer,
                                const Parallel& parallel);

/// Removes files that no commit names, as far as that works.
void discard_files(storage::Stores& stores, const std::vector<iceberg::DataFile>& files);

}  // namespace earthcatalog::write
