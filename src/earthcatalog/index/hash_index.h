// The hash index: which ids the table holds, as sorted hashes in one file `{warehouse}_id_hashes.parquet`
// (docs/format/indexes.md). It is derived from the table, and can be made anew from it at any time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::index {

struct HashIndexOptions {
  std::string scratch_folder = "/var/tmp";  ///< for what does not fit into memory: an unlinked file
  Hooks hooks;                              ///< its stop ends early, kCancelled
  std::int64_t memory_bytes =
      kDefaultMemoryBytes;  ///< for hashes; besides, some 64 MiB, and files up to 256 MiB as a whole
};

struct HashChange {
  enum class Kind : std::uint8_t { kDrop, kPresent, kAdd };
  Hash128 key;
  Kind kind;
  auto operator<=>(const HashChange&) const = default;
};

/// Hashes to put into an index or to take out of it, as many as come: what does not fit into memory waits in a file.
/// A hash that is both dropped and added is added. Not thread-safe.
class HashChanges {
 public:
  explicit HashChanges(const HashIndexOptions& options);
  Status add(std::string_view id) { return add(id_hash(id)); }
  Status add(const Hash128& hash) { return sorter_.add({hash, HashChange::Kind::kAdd}); }
  Status drop(const Hash128& hash) { return sorter_.add({hash, HashChange::Kind::kDrop}); }
  /// See HashSorter::next_part().
  Result<std::span<const HashChange>> next_part() { return sorter_.next_part(); }

 private:
  extsort::HashSorter<HashChange> sorter_;
};

struct HashIndexReport {
  std::int64_t entries = 0;  ///< in the index now
  std::int64_t added = 0, dropped = 0;
  bool rebuilt = false;  ///< from the whole table, because there was nothing to update
};

/// Makes the index at `where` anew of what `changes` adds. `snapshot_id`: the table's snapshot that it describes, if
/// any; later updates start from there. kConflict when somebody else writes it meanwhile.
Result<HashIndexReport> build_hash_index(const storage::Location& where, HashChanges& changes,
                                         std::optional<std::int64_t> snapshot_id);
/// Merges `changes` into it. kNotFound and kInvalidData as HashIndexReader, before anything is written.
Result<HashIndexReport> update_hash_index(const storage::Location& where, HashChanges& changes,
                                          std::optional<std::int64_t> snapshot_id);

/// Makes the index anew from the ids of all rows of the table's current snapshot.
Result<HashIndexReport> build_hash_index(const iceberg::Table& table, const storage::Location& where,
                                         const HashIndexOptions& options);
/// Reads the files that came and went since the snapshot that the index describes. An id that went and did not come
/// again is dropped unless a file that stayed holds it: only when ids went are the ids of those files read. All of the
/// table is read when there is no index, or one that names no snapshot of the table. kInvalidData when there is one
/// that cannot be read.
Result<HashIndexReport> update_hash_index(const iceberg::Table& table, const storage::Location& where,
                                          const HashIndexOptions& options);

struct HashIndexCheck {
  std::int64_t entries = 0;  ///< distinct
  std::int64_t doubled = 0;  ///< rows that repeat the one before them
  std::optional<std::int64_t> snapshot_id;
  // Compared with a table:
  std::optional<std::int64_t> table_ids;  ///< distinct ids in the table
  std::int64_t missing = 0, extra = 0;    ///< ids of the table that are not in the index; hashes of no id in the table
  bool good() const { return doubled == 0 && missing == 0 && extra == 0; }
};

/// Reads the whole index, and with `table` all its ids. Errors as HashIndexReader's.
Result<HashIndexCheck> check_hash_index(const storage::Location& where, const iceberg::Table* table,
                                        const HashIndexOptions& options);

}  // namespace earthcatalog::index
