// Names of data files: grid_partition=<cell>/year=<year>/part_<6 digits>_<8 hex of the run id>.parquet
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/write/partition.h"

namespace earthcatalog::write {

/// Gives each file of a run a name of its own. Another run may share the 8 digits: who finds a name taken asks for the
/// next. Thread-safe.
class PartNames {
 public:
  /// `first` is the number of the first file of each bucket.
  PartNames(std::string warehouse, std::string_view run_id, int first = 0);
  /// The full URI of the next file of a bucket.
  std::string next(const Bucket& bucket);

 private:
  const std::string warehouse_;
  const std::string suffix_;
  const int first_;
  std::mutex mutex_;
  std::map<Bucket, int> used_;
};

/// The number that the name of a run's file has; nothing when it is a file of another run.
std::optional<int> part_number(std::string_view uri, std::string_view run_id);

}  // namespace earthcatalog::write
