// Phase 3 file by file: parts of the direct shape, and staged rows that are too many for memory, as data files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/backfill/tasks/compact_task.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/stac/schema.h"
#include "earthcatalog/write/file_names.h"
#include "earthcatalog/write/partition_writers.h"

namespace arrow {
class Buffer;
}

namespace earthcatalog::backfill {

/// A group of one part whose rows all count, in the columns of the table, is copied byte for byte; any other is merged,
/// sorted, within the spec's memory limit. What it is given must outlive it. Not thread-safe.
class GroupMerge {
 public:
  GroupMerge(storage::Stores& stores, const Staging& staging, const CompactTaskSpec& spec, const Hooks& hooks,
             ProgressMeter& meter, std::shared_ptr<const stac::ItemSchema> schema,
             const write::PartitionWriters& writer, write::FileNames& names)
      : stores_(stores),
        staging_(staging),
        spec_(spec),
        hooks_(hooks),
        meter_(meter),
        schema_(std::move(schema)),
        writer_(writer),
        names_(names) {}

  Status run(std::span<const StagedGroup* const> groups);

  /// All of them; after an error, what the caller has to discard.
  std::vector<iceberg::DataFile> files() const {
    const MutexLock lock(mutex_);
    return files_;
  }
  std::int64_t rows() const {
    const MutexLock lock(mutex_);
    return rows_;
  }
  std::int64_t items() const {
    const MutexLock lock(mutex_);
    return items_;
  }
  std::int64_t dropped_rows() const {
    const MutexLock lock(mutex_);
    return dropped_rows_;
  }

 private:
  Status read_copies();
  Status read_ahead(std::span<const StagedGroup* const> groups);
  const iceberg::DataFile* copy_of(const StagedGroup& group) const;
  Status copy(std::span<const StagedGroup* const> groups);
  Status merge(const StagedGroup& group);

  storage::Stores& stores_;
  const Staging& staging_;
  const CompactTaskSpec& spec_;
  const Hooks& hooks_;
  ProgressMeter& meter_;
  const std::shared_ptr<const stac::ItemSchema> schema_;
  const write::PartitionWriters& writer_;
  write::FileNames& names_;
  std::map<std::string, iceberg::DataFile> copies_;  // by URI
  FileContents contents_;                            // of parts that were read ahead
  mutable Mutex mutex_;                              // groups are merged side by side
  std::vector<iceberg::DataFile> files_ EC_GUARDED_BY(mutex_);
  std::int64_t rows_ EC_GUARDED_BY(mutex_) = 0, items_ EC_GUARDED_BY(mutex_) = 0;
  std::int64_t dropped_rows_ EC_GUARDED_BY(mutex_) = 0;
};

/// Whether the spec's `copies` has to name the only file of this group.
bool is_copied(const StagedGroup& group, std::int64_t compact_rows);

}  // namespace earthcatalog::backfill
