// Chooses the table's rows in files that nothing describes: of each item those of its newest version, once.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

/// Keeps the newest `updated` of each item: 24 bytes an item, 48 while it is gathered. Not thread-safe.
class NewestVersions {
 public:
  void add(const Hash128& identity, TimeMicros updated);
  void seal();
  /// Returns that of an item that was added.
  TimeMicros of(const Hash128& identity) const;

 private:
  void drop_older();
  std::vector<std::pair<Hash128, TimeMicros>> entries_;
  std::size_t distinct_ = 0;  // at the last drop_older()
};

/// The items of a file's rows, each with its `updated`.
using ItemVersions = std::vector<std::pair<Hash128, TimeMicros>>;

/// A data file that was found.
struct FoundFile {
  iceberg::DataFile file;  ///< path, size and partition; all of it once it is `described`
  TimeMicros modified = 0;
  bool described = false;
  std::optional<ItemVersions> items;  ///< where they were kept
};

/// The rows of a file that is open.
Result<ItemVersions> read_items(geoparquet::FileReader& file, const iceberg::Schema& schema);

struct FileChoice {
  std::int64_t rows = 0;
  std::vector<Hash128> dropped;  ///< items whose row here does not count
  bool whole() const { return dropped.empty(); }
  bool nothing_left() const { return std::ssize(dropped) == rows; }
};

/// One choice for each of `files`. A row counts when its item has no newer `updated` in any file, and no row of the
/// same version in the same cell in a newer file (index::FileVersion). So what a rewriting left behind, and what a
/// killed run and the one after it both wrote, loses all its rows to one file. kUnsupported names a file that has an
/// item twice. Reads three columns of each file whose items were not kept, twice; memory is NewestVersions and the
/// items of `workers` cells.
Result<std::vector<FileChoice>> choose_rows(storage::Stores& stores, const iceberg::Schema& schema,
                                            const std::vector<FoundFile>& files, std::size_t workers);

}  // namespace earthcatalog::maintenance
