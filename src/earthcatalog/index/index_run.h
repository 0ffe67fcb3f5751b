// One run of the object index, opened: its file and the two tables that find entries in it by object and by item.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/index/packed_version.h"
#include "earthcatalog/result.h"

namespace earthcatalog::index {

struct ObjectRecord {
  Hash128 key;  ///< of the object
  Hash128 identity;
  PackedVersion version;
};

struct IdentityRecord {
  Hash128 key;  ///< of the item
  std::int64_t position = 0;
  auto operator<=>(const IdentityRecord&) const = default;
};

using ObjectTable = extsort::HashTable<ObjectRecord>;
using IdentityTable = extsort::HashTable<IdentityRecord>;

/// Immutable but for what it loads when first asked. Thread-safe.
class IndexRun {
 public:
  IndexRun(storage::Stores& stores, RunInfo info, const ObjectIndexOptions& options)
      : stores_(stores), info_(std::move(info)), options_(options) {}
  /// With the table that was made while the run was written.
  IndexRun(storage::Stores& stores, RunInfo info, const ObjectIndexOptions& options,
           std::unique_ptr<const ObjectTable> objects)
      : stores_(stores), info_(std::move(info)), options_(options), objects_(std::move(objects)) {}

  IndexRun(const IndexRun&) = delete;
  IndexRun& operator=(const IndexRun&) = delete;
  ~IndexRun();

  const RunInfo& info() const { return info_; }
  /// The file goes when this object goes.
  void retire() const { retired_ = true; }
  Result<const RunReader*> reader() const;
  /// All entries, in the order of the file.
  Result<const ObjectTable*> objects() const;
  /// The entries, by item; those of forgotten objects left out.
  Result<const IdentityTable*> identities() const;

 private:
  Status load_reader() const EC_REQUIRES(loading_);
  Status load_objects() const EC_REQUIRES(loading_);
  Status load_identities() const EC_REQUIRES(loading_);

  storage::Stores& stores_;
  const RunInfo info_;
  const ObjectIndexOptions options_;
  mutable std::atomic<bool> retired_ = false;
  mutable Mutex loading_;
  mutable std::unique_ptr<const RunReader> reader_ EC_GUARDED_BY(loading_);
  mutable std::unique_ptr<const ObjectTable> objects_ EC_GUARDED_BY(loading_);
  mutable std::unique_ptr<const IdentityTable> identities_ EC_GUARDED_BY(loading_);
};

/// Returns the share of memory that one table of one run may keep.
extsort::HashTableOptions table_options(const ObjectIndexOptions& options);
RunKey key_of(const RunEntry& entry);
PackedVersion version_of(const RunKey& key);

}  // namespace earthcatalog::index
