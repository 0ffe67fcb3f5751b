// Removes the files of a warehouse that nothing names: first a look at all of them, which changes nothing, then the
// removal.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/maintenance/expire/live_files.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

/// A place where files of a table lie, and which of the names there are of its making.
struct Place {
  std::string name;    ///< for reports
  std::string prefix;  ///< URI; files whose own begin so
  std::function<bool(std::string_view uri)> ours;
};

/// Data files, parts of runs, metadata, and runs of the object index (docs/format/warehouse_format.md). The parts of a
/// backfill that has not been committed yet are not ours to remove, however old: it goes on with them.
Result<std::vector<Place>> places_of(const iceberg::Table& table, const std::string& warehouse);

struct FileCount {
  std::int64_t files = 0, bytes = 0;
  void add(std::int64_t size_bytes);
  FileCount& operator+=(const FileCount& other);
  bool operator==(const FileCount&) const = default;
};

/// listed = live + too_young + left + removed + not_removed.
struct PlaceCounts {
  std::string place;
  FileCount listed;
  FileCount live;         ///< named by a snapshot that stays, by the metadata, or by them as the object index
  FileCount too_young;    ///< not named, and not older than the cutoff
  FileCount left;         ///< names that are not of this program's or Iceberg's making, metadata that cannot be read
  FileCount removed;      ///< in a dry run: what would be
  FileCount not_removed;  ///< because the sweep ended early, or others were quicker
  void add(const PlaceCounts& other);
};

struct SweepOptions {
  TimeMicros cutoff = 0;  ///< what was modified later stays
  bool dry_run = false;
  std::vector<std::string> leftovers = {};  ///< URI prefixes below which killed runs may have left hidden files
  const std::atomic<bool>* stop = nullptr;  ///< set: ends before the next batch
  std::function<Status()> before_batch;     ///< an error ends the sweep
  std::function<void(const std::string& uri, std::int64_t size)> on_dead;  ///< removed, or would be
  ProgressFunction progress;
};

class Sweep {
 public:
  Sweep(const iceberg::Table& table, std::vector<Place> places, LiveFiles& live, SweepOptions options);

  /// Lists and counts all, leftovers last: those whose writers live are live. kInvalidData when a file may be live by
  /// another name, or another table lies in the same folder. Changes nothing.
  Status look();
  /// Removes what look() found, 1,000 files at a time; in a dry run only tells. kCancelled after `stop`.
  Status remove();
  const std::vector<PlaceCounts>& counts() const { return counts_; }

 private:
  Status for_each(const Place& place,
                  const std::function<Status(const storage::Location&, const storage::ObjectInfo&)>& visit);
  Result<FileCount PlaceCounts::*> class_of(const Place& place, const std::string& uri,
                                            const storage::ObjectInfo& file);
  Result<bool> is_ours_to_judge(const std::string& uri);
  void count_dead(const std::string& uri, std::int64_t size_bytes, PlaceCounts& counts) const;
  Status for_each_leftover(
      bool dry_run,
      const std::function<Status(const std::string& uri, std::int64_t size, storage::Leftover what)>& visit);
  Status look_at_leftovers();
  Status remove_leftovers();
  Status remove_batch(storage::ObjectStore& store, std::vector<storage::ObjectInfo>& batch, PlaceCounts& counts);

  const iceberg::Table& table_;
  const std::vector<Place> places_;
  LiveFiles& live_;
  const SweepOptions options_;
  std::vector<PlaceCounts> counts_;
};

}  // namespace earthcatalog::maintenance
