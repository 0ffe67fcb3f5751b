// A catalog opened by a run: the table, its grid, its schema, the object index, the lock, and commits that change all
// of them in one step.
//
//   EC_ASSIGN_OR_RETURN(auto catalog, Catalog::open(stores, options));
//   const iceberg::Schema schema = catalog->plan_schema(item_schema)   // field ids for write_file()
//   ... write files ...
//   EC_ASSIGN_OR_RETURN(auto done, catalog->commit(request));
//   EC_TRY(catalog->close());                                          // releases the lock
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/lock/host.h"
#include "earthcatalog/catalog/lock/lock.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

enum class OpenMode : std::uint8_t {
  kRead,   ///< the catalog and its table must exist; nothing is created, nothing is locked
  kWrite,  ///< what is missing is created by the first commit
};

/// The grid that a user asked for; what was not given comes from the table.
struct GridRequest {
  std::optional<std::string> type;
  std::optional<int> resolution;
  std::optional<std::string> boundaries_path, id_field;
  std::optional<std::string> python{};  ///< of the type "python": GridSpec::python
};

struct CatalogOptions {
  std::string catalog;    ///< path or URI of the SQLite file
  std::string warehouse;  ///< path or URI; may be empty when the table exists
  OpenMode mode = OpenMode::kRead;
  std::string run_id;  ///< goes into snapshot summaries as earthcatalog.run-id
  GridRequest grid;
  std::optional<int> default_resolution;   ///< for a new table when none was asked for; none: that is an error
  std::optional<stac::SchemaKind> schema;  ///< asked for; an error when the table is of the other kind
  bool adds_rows = true;  ///< false: for what only reads or removes, which columns of other engines do not disturb
  bool lock = true;       ///< false: --no-lock
  std::string lock_uri;   ///< empty: "<catalog URI>.lock"
  /// The lock, when this process holds it already (take_lock()): the run works under it and leaves it. Of what is said
  /// of the lock here, only `lock_uri` matters then: it must name that lock.
  std::shared_ptr<Lock> held_lock;
  std::string lock_owner = "earthcatalog";
  std::int64_t lock_stale_after_seconds = 300;
  std::int64_t heartbeat_seconds = 30;  ///< 0: no thread (tests)
  HostIdentity host;                    ///< this_host()
  Clock clock = system_now;
  index::ObjectIndexOptions index;
};

struct CommitRequest {
  std::vector<iceberg::DataFile> added;
  std::vector<iceberg::DataFile> removed;
  bool rows_unchanged = false;  ///< "replace": added and removed files hold the same rows
  /// What the added files were written with, from plan_schema(); none: the table's.
  std::optional<iceberg::Schema> schema;
  iceberg::Properties summary;  ///< entries of the snapshot's summary besides run id and Iceberg's own
  index::IndexUpdate objects;
  /// Items that lose rows. Like the items of `objects` they must be as they were when the request was made.
  std::vector<Hash128> displaced;
  /// Nothing is known of the objects of the added rows, and `objects` is empty: as after the commit of another engine,
  /// index() catches up with the files. The next commit, or an empty one, makes that the table's.
  bool unrecorded_rows = false;
  /// Right on the state as of the last open, refresh or commit alone: kConflict when another writer was first.
  bool exclusive = false;
  /// Snapshots that are to go, and the time before which the metadata log forgets: Transaction::remove_snapshots(),
  /// Transaction::forget_metadata_before(). No file is removed.
  std::vector<std::int64_t> removed_snapshots;
  std::optional<std::int64_t> forget_metadata_before_ms;
};

struct CommitOutcome {
  std::optional<std::int64_t> snapshot_id;  ///< none when no file was added or removed
  iceberg::Properties summary;
  int attempts = 1;
};

/// Not thread-safe, but for what index() returns; the heartbeat has its own thread.
class Catalog {
 public:
  /// Opens, takes the lock (kWrite), checks grid and schema against the table, takes a table of the peer over (at the
  /// next commit), brings the object index up to date with the snapshot. Errors: kNotFound (kRead, no catalog or
  /// table), kAlreadyExists (kWrite, the warehouse holds another catalog's table), kLocked, kInvalidData (no
  /// SQLite, no catalog), kInvalidArgument (a new table whose warehouse or grid nobody gave), kUnsupported (another
  /// grid, resolution, schema kind or warehouse than the table's, both are named; a store without conditional writes; a
  /// table of another schema or partitioning, with the name of the difference; kWrite of rows, and a column that is not
  /// ours). `stores` must outlive it.
  static Result<std::unique_ptr<Catalog>> open(storage::Stores& stores, CatalogOptions options);
  /// Releases the lock as far as that works; close() reports.
  ~Catalog();

  bool has_table() const;
  /// The table as of the last open, refresh or commit. has_table() must be true.
  const iceberg::Table& table() const;
  const grid::GridSpec& grid() const;
  /// Full URIs.
  const std::string& uri() const;
  const std::string& warehouse() const;
  const std::string& run_id() const;

  /// The columns that rows have to have: the table's (with ours, for a table of the peer); for a new table nothing
  /// before set_schema_kind() or CatalogOptions::schema.
  const std::optional<stac::ItemSchema>& item_schema() const;
  /// For a new table whose kind nobody asked for: what its first items turned out to be.
  void set_schema_kind(stac::SchemaKind kind);
  /// `columns` (the table's, perhaps with more behind them) as the Iceberg schema that files are to be written with.
  Result<iceberg::Schema> plan_schema(const stac::ItemSchema& columns) const;

  /// Which objects are in the table. A value; see ObjectIndex.
  const index::ObjectIndex& index() const;

  /// Makes the request visible as one commit: files, schema, properties, summary, object index. Creates catalog and
  /// table when missing. An empty request makes index() the table's, when it had to be brought up to date. Redone on
  /// the new state when another writer was first; kConflict when that writer touched the same items, files or columns
  /// (then refresh(), decide again, and commit again); kLocked when the lock is another's by now, which is
  /// final. After kConflict no snapshot names the added files, and they may be removed; after any other error the
  /// commit may have happened, and they must stay.
  Result<CommitOutcome> commit(const CommitRequest& request);

  /// Makes the table of item_schema() without any row. kAlreadyExists when there is one, also when another writer has
  /// just made it; kLocked.
  Status create_table();

  /// Loads what others committed, and brings the index up to date with it.
  Status refresh();

  /// Before something is done to the warehouse that no commit protects: kConflict when another writer has committed
  /// since table() was loaded, kLocked when the lock is another's by now.
  Status check_current();

  /// Says that we are alive: kLocked when the lock is another's by now, and with it all that it protects.
  /// Without a lock (--no-lock): nothing.
  Status confirm_lock();

  /// Releases the lock. No call but the destructor may follow.
  Status close();

 private:
  class Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Makes an empty table under the lock, and the catalog where there is none. The schema is `auto` unless the options
/// say one. Returns the URI of its metadata. kAlreadyExists when the catalog has a table, and what Catalog::open()
/// says.
Result<std::string> create_table(storage::Stores& stores, CatalogOptions options);

/// Takes a catalog's lock for several runs of this process (CatalogOptions::held_lock), as the options say it. It is
/// released by Lock::release(), or when nobody has it any more; `stores` must outlive it. kLocked.
Result<std::shared_ptr<Lock>> take_lock(storage::Stores& stores, const CatalogOptions& options);

/// For `earthcatalog unlock`: the lock, or what was removed; nothing when there is none. kNotFound without a catalog.
struct LockPlace {
  std::string catalog, lock_uri;  ///< lock_uri empty: beside the catalog
};
Result<std::optional<LockRecord>> show_lock(storage::Stores& stores, const LockPlace& place);
Result<std::optional<LockRecord>> force_unlock(storage::Stores& stores, const LockPlace& place);

}  // namespace earthcatalog::catalog
