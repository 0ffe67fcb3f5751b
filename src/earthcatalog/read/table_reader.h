// The read face of a table: one of its snapshots, opened without a lock. Nothing is created, nothing is written.
//
//     EC_ASSIGN_OR_RETURN(const auto table, TableReader::open(stores, {.catalog = "s3://b/catalog.db"}));
//     EC_ASSIGN_OR_RETURN(const auto last_year, table.as_of(time));
//     EC_TRY(last_year.list_files({.filter = {.cells = {"81063ffffffffff"}}}, [](iceberg::DataFile&& file) { ... }));
//
// A reader is a value. Another process makes the same one from its place(), which is three plain texts and numbers:
//
//     EC_ASSIGN_OR_RETURN(const auto same, TableReader::open(stores, last_year.place()));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/time.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::read {

/// Where a table is, and which of its snapshots is meant.
struct TablePlace {
  std::string catalog;                           ///< path or URI of the SQLite file
  std::string warehouse = {};                    ///< path or URI; empty: as the table says
  std::optional<std::int64_t> snapshot_id = {};  ///< none: the current one
  bool operator==(const TablePlace&) const = default;
};

/// One snapshot of a table; of a table without any, no rows. It stays what it is, whatever others commit; only an
/// expiry takes its files away. Cheap to copy, safe to use from many threads at once. The stores must outlive it.
class TableReader {
 public:
  /// Reads the catalog's pointer and the table's metadata. kNotFound: no catalog, no table in it, or no such snapshot
  /// (any more); kInvalidData: the catalog is no SQLite database; kUnsupported: the table has another schema or
  /// partitioning than ours, or lies in another warehouse than `place` says; kInvalidArgument: neither the table nor
  /// `place` names the warehouse. `index`: what looking into the object index may take of memory and disk.
  static Result<TableReader> open(storage::Stores& stores, const TablePlace& place,
                                  const index::ObjectIndexOptions& index = {});

  /// Returns the reader of another snapshot, by its id. Reads nothing. kNotFound: the table has none of that id, or has
  /// expired it since.
  Result<TableReader> at_snapshot(std::int64_t snapshot_id) const;

  /// Returns the reader of the snapshot that was current at `time`. Reads nothing. kNotFound: that snapshot has
  /// expired, or the table had none yet.
  Result<TableReader> as_of(TimeMicros time) const;

  /// Full URIs, and the snapshot that this reader stands on.
  const TablePlace& place() const;
  /// Null for a table without snapshots.
  const iceberg::Snapshot* snapshot() const;

  /// The table with all its snapshots. Its schema, its files and its current snapshot are those of now: for this
  /// reader's, ask the reader.
  const iceberg::Table& table() const;
  /// The columns of the snapshot, with field ids: of the current snapshot the table's, of an older one those that it
  /// was committed with.
  const iceberg::Schema& schema() const;
  /// The same as columns of STAC items, without those that only other engines know.
  const stac::ItemSchema& item_schema() const;
  const grid::GridSpec& grid() const;

  /// Calls `visit` for each data file of the snapshot that may hold rows of the cells and years in `options.filter`;
  /// `options.snapshot_id` is ignored. Errors and costs as iceberg::Table::list_files().
  Result<iceberg::ListFilesCounts> list_files(iceberg::ListFilesOptions options,
                                              const std::function<Status(iceberg::DataFile&&)>& visit) const;

  /// The same for a planner: see iceberg::Table::scan_files().
  Result<iceberg::ListFilesCounts> scan_files(iceberg::ScanFilesOptions options,
                                              const std::function<Status(const iceberg::FileFacts&)>& visit) const;

  /// The object index as the table names it now.
  const index::ObjectIndex& index() const;
  /// False when index() describes another snapshot than this reader's: another engine wrote the current one, or this is
  /// an older one.
  bool index_is_current() const;

  storage::Stores& stores() const;

 private:
  struct State;
  explicit TableReader(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace earthcatalog::read
