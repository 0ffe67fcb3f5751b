// Changes to a table that become visible together or not at all. Order of writes, conflict rules and merging of
// manifests are in docs/format/iceberg.md.
//
//   Transaction change(table);
//   EC_ASSIGN_OR_RETURN(const Schema schema, change.add_columns({...}));
//   ... write data files with `schema` ...
//   change.append(std::move(files));
//   change.set_summary("earthcatalog.run-id", run_id);
//   EC_ASSIGN_OR_RETURN(const CommitResult result, change.commit(table));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

struct CommitOptions {
  CommitGuard guard = {};    ///< runs in the catalog transaction that moves the pointer
  bool make_durable = true;  ///< false in tests and benchmarks that measure the rest
  Clock clock = system_now;
};

struct CommitResult {
  std::optional<std::int64_t> snapshot_id;  ///< none when only schema or properties changed
  std::string metadata_location;
  Properties summary;   ///< of the snapshot, totals included
  std::string warning;  ///< what failed after the commit (version hint); empty: nothing
};

/// Not thread-safe. Holds what was asked for, not files: nothing is written before commit().
class Transaction {
 public:
  explicit Transaction(const Table& base);
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// The id that the snapshot of this transaction will have.
  std::int64_t snapshot_id() const;
  /// The schema that data files appended here must have been written with (or an older one of the table).
  const Schema& schema() const;

  /// Appends columns (their ids are ignored; optional ones only) as a new schema, which is returned. Top-level fields
  /// take the next ids in order, then nested ones. kInvalidArgument for a name that exists or a required column.
  Result<Schema> add_columns(std::vector<NestedField> columns);

  /// Data files to add. Their partitions and bounds are taken as given.
  void append(std::vector<DataFile> files);
  /// Live data files to remove, by path and partition.
  void remove(const std::vector<DataFile>& files);
  /// Says that added and removed files hold the same rows: operation "replace" in place of "overwrite".
  void rows_unchanged();

  /// Snapshots that are to leave the table, with their statistics and what the snapshot log says up to them
  /// (https://iceberg.apache.org/spec/#table-metadata-fields). Those that are gone already, and those that are current
  /// or named by a branch or tag when the commit is made, are passed over. Files are not touched.
  void remove_snapshots(const std::vector<std::int64_t>& snapshot_ids);
  /// Metadata files that were replaced by newer ones before this time leave the metadata log. Their files stay.
  void forget_metadata_before(std::int64_t timestamp_ms);

  /// Has the tag `name` name the snapshot that is current after the commit, so that expiry (ours and other engines')
  /// keeps that one, and no longer the one that it named before. Without effect on a table that has no snapshot.
  void move_tag(std::string name);

  void set_property(std::string key, std::string value);
  /// An entry of the snapshot's summary besides Iceberg's own.
  void set_summary(std::string key, std::string value);

  /// Commits on the state that `table` holds; its metadata are the new ones afterwards. Without changes, nothing is
  /// written. kConflict, with nothing left behind: another commit came first, a file to remove is not live, or `table`
  /// has other columns than the transaction began with. The caller decides again on the new state.
  /// May be called again (also with another Table object of the same table) when it returned an error: a table that has
  /// the snapshot of this transaction already, because only the reply was lost, is left as it is.
  Result<CommitResult> commit(Table& table, const CommitOptions& options = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::iceberg
