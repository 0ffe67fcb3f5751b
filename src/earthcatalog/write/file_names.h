// Names of data files: grid_partition=<cell>/year=<year>/part_<6 digits>_<8 hex of the run id>.parquet
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/write/partition.h"

namespace earthcatalog::write {

/// Gives each file of a run a name of its own. Another run may share the 8 digits: who finds a name taken asks for the
/// next. Thread-safe.
class FileNames {
 public:
  /// `first` is the number of the first file of each partition.
  FileNames(std::string warehouse, std::string_view run_id, int first = 0);
  /// The full URI of the next file of a partition.
  std::string next(const Partition& partition);

 private:
  const std::string warehouse_;
  const std::string suffix_;
  const int first_;
  Mutex mutex_;
  std::map<Partition, int> used_ EC_GUARDED_BY(mutex_);
};

}  // namespace earthcatalog::write
