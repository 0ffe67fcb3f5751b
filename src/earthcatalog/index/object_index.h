// The object index: which objects are in the table already, in which version, and where their rows are
// (layout in docs/format/indexes.md).
//
// At most 8 Parquet files ("runs"), each sorted by the hash of the object's name, under `{warehouse}_objects/`; of
// entries of one object the newest run's counts. An ObjectIndex is one immutable state of it, named by a table
// property, so that the table's snapshot and the index change in the same commit.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::index {

/// One object, and the rows that it owns: rows of the item `identity` in all of `cells`, year `year`.
struct ObjectEntry {
  Hash128 object{};  ///< object_hash(bucket, key)
  std::string name;  ///< "bucket/key"; empty: rows whose object is not known (another engine wrote them)
  // The version that was read; what was not known is absent.
  std::string etag;
  std::optional<TimeMicros> last_modified;
  std::optional<std::int64_t> size_bytes;

  Hash128 identity{};  ///< identity_hash(collection, id) of its item; zero: this version of the object holds none
  std::optional<TimeMicros> updated;
  std::vector<std::string> cells;    ///< ascending; empty: superseded, a newer object owns the item's rows
  std::optional<std::int32_t> year;  ///< calendar year of the rows; absent: "unknown"

  bool owns_rows() const { return !cells.empty(); }
  bool holds_item() const { return identity != Hash128{}; }
  bool operator==(const ObjectEntry&) const = default;
};

/// The entry of `ref` without item.
ObjectEntry entry_of(const storage::ObjectRef& ref);

/// Compares entries as ObjectVersions (index/version_order.h).
bool newer(const ObjectEntry& a, const ObjectEntry& b);

enum class ObjectState : std::uint8_t {
  kUnknown,    ///< never recorded
  kUnchanged,  ///< recorded in this version
  kChanged,    ///< recorded in another
};

struct RunInfo {
  std::string uri;
  std::int64_t entries = 0;
  std::int64_t size_bytes = 0;
  bool operator==(const RunInfo&) const = default;
};

/// The contents of the table property `earthcatalog.object-index`.
struct IndexManifest {
  std::optional<std::int64_t> snapshot_id;  ///< the table's snapshot that the runs describe
  std::vector<RunInfo> runs;                ///< oldest first
  std::optional<std::int64_t> items = 0;    ///< that have rows; none: not counted

  std::string to_json() const;
  static Result<IndexManifest> parse(std::string_view json);
  bool operator==(const IndexManifest&) const = default;
};

struct ObjectIndexOptions {
  std::string scratch_folder = "/var/tmp";  ///< for unlinked temporary files
  std::int64_t memory_bytes = 64 << 20;     ///< what a run's lookup table may take before it goes to a file
  std::size_t max_runs = 8;
  std::int64_t row_group_rows = 50'000;
};

/// Changes of one commit.
struct IndexUpdate {
  std::vector<ObjectEntry> entries;  ///< in any order; of one object the last counts
  std::vector<Hash128> forgotten;    ///< objects to forget
  /// The number of items with rows, after it less before. None: not known, and from then on count_items() has to look.
  std::optional<std::int64_t> more_items = {};
  std::vector<RunInfo> runs = {};  ///< entries written by RunWriter before, oldest first; `entries` are younger
  bool from_nothing = false;       ///< all that was known before is forgotten first
  bool empty() const { return entries.empty() && forgotten.empty() && runs.empty() && !from_nothing; }
};

/// The item that an object holds now.
struct Holding {
  Hash128 object, identity;
  std::optional<TimeMicros> last_modified = {};
};

/// Records in `update` that `owner` (from find_holders) loses its rows to a newer object: it stays known as
/// superseded, or, when its object was never known, is forgotten.
void supersede(ObjectEntry owner, IndexUpdate& update);

/// Immutable, thread-safe, cheap to copy. Runs are opened when they are first needed.
class ObjectIndex {
 public:
  /// `stores` must outlive it.
  static ObjectIndex open(storage::Stores& stores, const IndexManifest& manifest, const ObjectIndexOptions& options);

  const IndexManifest& manifest() const;
  const ObjectIndexOptions& options() const;
  /// Returns true when all its files are there, with the sizes that the manifest says.
  Result<bool> is_whole() const;
  /// Entries in all runs, replaced ones included.
  std::int64_t entries() const;

  /// One state for each of `objects`: compared by etag, else by last_modified, else by size, by the first of them that
  /// both sides know; where `objects` give none of them, by the name alone. Memory does not grow with the index: 64
  /// bytes an object asked for, and the lookup tables of ObjectIndexOptions. kNotFound when a run is missing.
  Result<std::vector<ObjectState>> lookup(std::span<const storage::ObjectRef> objects) const;

  /// The entries of all objects that hold these items, in no order: those that own rows, several of one item only when
  /// other engines wrote some of them, and those that were superseded.
  Result<std::vector<ObjectEntry>> find_holders(std::span<const Hash128> identities) const;

  /// The recorded entries of those of these objects that own rows of another item than the one they hold now. Each
  /// object once; in no order. Costs a look-up each; entries are read only of objects that did change their item.
  Result<std::vector<ObjectEntry>> find_moved(std::span<const Holding> now) const;

  /// The recorded entries of those of these objects that were modified later than what was read of them says: somebody
  /// has recorded a newer version since. Each object once; in no order.
  Result<std::vector<ObjectEntry>> find_later(std::span<const Holding> now) const;

  /// Counts the items that have rows. Without the manifest's count: two scans at most, and 16 bytes for each item of an
  /// unknown object.
  Result<std::int64_t> count_items() const;

  /// Calls `visit` for each object's entry, by ascending hash.
  Status scan(const std::function<Status(ObjectEntry&&)>& visit) const;

  /// Writes `update` as a new run `<folder_uri>/<name>.parquet`, and merges young runs when there are more than
  /// max_runs; a name that is taken gets a number. The result is the state for `snapshot_id`; this one stays as it is.
  /// Nothing is removed.
  Result<ObjectIndex> apply(const IndexUpdate& update, const std::string& folder_uri, const std::string& name,
                            std::optional<std::int64_t> snapshot_id) const;

  /// Takes back what apply() wrote and no commit names: the files of those of its runs that are in none of `kept` are
  /// removed as soon as no ObjectIndex of this process uses them. What a table has named once must be among `kept`:
  /// readers in other processes may be at it, and only `expire` knows when they are not.
  void retire_except(std::initializer_list<const ObjectIndex*> kept) const;

 private:
  struct State;
  explicit ObjectIndex(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace earthcatalog::index
