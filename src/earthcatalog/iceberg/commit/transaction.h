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
  CommitGuard guard = {};     ///< runs in the catalog transaction that moves the pointer
  int max_attempts = 100;     ///< lost races before kConflict
  bool only_on_base = false;  ///< a lost race is kConflict at once: the change is right on no other snapshot
  bool make_durable = true;   ///< false in tests and benchmarks that measure the rest
  Clock clock = system_now;
};

struct CommitResult {
  std::optional<std::int64_t> snapshot_id;  ///< none when only schema or properties changed
  std::string metadata_location;
  Properties summary;  ///< of the snapshot, totals included
  int attempts = 1;
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
  /// A manifest with data files to add, made by write_added_files(), used as it is.
  void append_manifest(ManifestFile manifest);
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
  void remove_property(std::string key);
  /// An entry of the snapshot's summary besides Iceberg's own.
  void set_summary(std::string key, std::string value);

  /// Commits on `table`, whose metadata are then the new ones. When another commit came first, on the newest state
  /// again, as long as the change still makes sense there; else kConflict, with what is in the way:
  /// a removed file is gone, or columns were added by both. Without changes, nothing is written.
  /// May be called again (also with another Table object of the same table) when it returned an error: a table that has
  /// the snapshot of this transaction already, because only the reply was lost, is left as it is.
  Result<CommitResult> commit(Table& table, const CommitOptions& options = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes manifests of `files`, all added, of at most about `target_bytes` each, into the table's metadata folder, for
/// Transaction::append_manifest(): `name` makes their file names unique and known ("<name>-m0.avro"). Files are sorted
/// by partition first.
Result<std::vector<ManifestFile>> write_added_files(const Table& table, const Schema& schema,
                                                    std::vector<DataFile> files, const std::string& name,
                                                    std::int64_t target_bytes = 8 << 20);

}  // namespace earthcatalog::iceberg
