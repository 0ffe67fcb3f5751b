// A table as of one metadata file: its schema, snapshots and data files. Changes go through transaction.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/catalog.h"
#include "earthcatalog/iceberg/manifest/flat_manifest.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::iceberg {

struct CreateTableOptions {
  Schema schema;               ///< ids are given afresh, as PyIceberg does, unless `keep_ids`
  std::string warehouse;       ///< full URI; metadata under <warehouse>/<namespace>/<table>/metadata/, data in it
  Properties properties = {};  ///< over the defaults (docs/format/iceberg.md)
  CommitGuard guard = {};
  bool keep_ids = false;        ///< the schema's field ids are in data files already
  std::string table_uuid = {};  ///< empty: a new one
  std::string follows = {};     ///< a metadata file that the number of the first one follows on; empty: from 0
};

/// Selects data files. A file passes when it may hold such a row; an empty set passes everything.
struct FileFilter {
  std::set<std::optional<std::string>> cells = {};
  std::set<std::optional<std::int32_t>> years_since_1970 = {};
  bool matches(const PartitionKey& partition) const;
};

struct ListFilesOptions {
  FileFilter filter = {};
  bool statistics = true;                        ///< false: leaves column counts and bounds out: less memory
  bool only_counts = false;                      ///< of the statistics, value and null counts alone
  std::optional<std::int64_t> snapshot_id = {};  ///< none: the current one
};

/// What a manifest says of one data file; of the statistics those of the fields that were asked for. Good during the
/// call that it is given to.
class FileFacts {
 public:
  FileFacts(const FlatManifest& manifest, std::size_t file) : flat_(&manifest), number_(file) {}
  explicit FileFacts(DataFile& file) : file_(&file) {}

  std::optional<std::string_view> cell() const;
  std::optional<std::int32_t> year_since_1970() const;
  std::int64_t record_count() const;
  std::int64_t file_size_in_bytes() const;
  std::optional<std::string_view> lower_bound(int field) const;
  std::optional<std::string_view> upper_bound(int field) const;
  std::optional<std::int64_t> null_count(int field) const;
  /// The file without statistics, with its position deletes. Once.
  DataFile take() const;

 private:
  const FlatManifest* flat_ = nullptr;
  std::size_t number_ = 0;
  DataFile* file_ = nullptr;  // instead of the two
};

struct ScanFilesOptions {
  FileFilter filter = {};
  std::optional<std::int64_t> snapshot_id = {};  ///< none: the current one
  std::vector<int> fields = {};                  ///< whose statistics will be asked for
};

/// The cost of a listing.
struct ListFilesCounts {
  std::int64_t manifests_read = 0, manifests_pruned = 0, files = 0;
};

/// A value that shares its metadata: cheap to copy, safe to read from many threads. `stores` and `catalog` must outlive
/// it.
class Table {
 public:
  /// Nothing when the catalog has no such table.
  static Result<std::optional<Table>> find(storage::Stores& stores, Catalog& catalog,
                                           const TableIdentifier& identifier = {});
  /// kNotFound when the catalog has no such table.
  static Result<Table> load(storage::Stores& stores, Catalog& catalog, const TableIdentifier& identifier = {});
  /// Format version 2, unsorted, partitioned by grid_partition_spec(). kAlreadyExists when there is one, also when
  /// another process made it meanwhile.
  static Result<Table> create(storage::Stores& stores, Catalog& catalog, const CreateTableOptions& options,
                              const TableIdentifier& identifier = {}, Clock clock = system_now);
  /// Reads a metadata file without a catalog; such a table cannot be committed to.
  static Result<Table> open_metadata(storage::Stores& stores, const std::string& metadata_uri);

  /// Makes the catalog point to metadata that exist already, and version-hint.text with it. False when the pointer is
  /// not `expected` (nothing: no such table).
  static Result<bool> point_to(storage::Stores& stores, Catalog& catalog, const std::optional<std::string>& expected,
                               const std::string& metadata_uri, const CommitGuard& guard = {},
                               const TableIdentifier& identifier = {});

  const TableIdentifier& identifier() const { return identifier_; }
  const TableMetadata& metadata() const { return *metadata_; }
  const std::string& metadata_location() const { return metadata_location_; }
  const Schema& schema() const { return metadata_->schema(); }
  const Snapshot* current_snapshot() const { return metadata_->current_snapshot(); }
  /// Returns the place of data files: write.data.path, else <location>/data.
  std::string data_location() const;
  /// Returns the place of metadata files, manifest lists and manifests: write.metadata.path, else <location>/metadata.
  std::string metadata_place() const;
  storage::Stores& stores() const { return *stores_; }
  Catalog* catalog() const { return catalog_; }

  /// Loads the catalog's present metadata, if it is another.
  Status refresh();
  /// Forgets the catalog, which may go then: the table is never refreshed again, and cannot be committed to.
  void detach() { catalog_ = nullptr; }

  /// The manifest list of a snapshot (none: of the current one); empty for a table without.
  Result<std::vector<ManifestFile>> manifests(std::optional<std::int64_t> snapshot_id = {}) const;

  /// Calls `visit` for each live data file that passes the filter, with the position delete files that may name rows of
  /// it: DataFile::record_count counts those rows, geoparquet::FileReader passes over them. Manifests whose partition
  /// ranges rule the filter out are not read; memory is a few manifests, and the delete files' names. kUnsupported when
  /// the snapshot has equality deletes or deletion vectors (which only others write).
  Result<ListFilesCounts> list_files(const ListFilesOptions& options,
                                     const std::function<Status(DataFile&&)>& visit) const;
  /// As list_files(), for a planner that looks at a few facts of many files: decoded manifests are kept in the stores'
  /// cache, and opened from there without decoding.
  Result<ListFilesCounts> scan_files(const ScanFilesOptions& options,
                                     const std::function<Status(const FileFacts&)>& visit) const;
  /// Calls `visit` for each live file, data or delete file, of some of the table's manifests, without its `deletes`;
  /// `statistics` as in ListFilesOptions.
  Status read_files(std::span<const ManifestFile> manifests, bool statistics,
                    const std::function<Status(DataFile&&)>& visit) const;

 private:
  friend class Committer;
  Table(storage::Stores& stores, Catalog* catalog, TableIdentifier identifier);
  Result<bool> find_newest();
  Status read_metadata(std::string location);
  Result<const PartitionSpec*> spec_of(const ManifestFile& manifest) const;
  std::optional<FlatManifest> cached(const ManifestFile& manifest, std::span<const int> fields) const;
  Status scan_manifests(std::span<const ManifestFile> manifests, const ScanFilesOptions& options,
                        const std::function<Status(const FlatManifest&)>& visit) const;
  Status read_entries(std::span<const ManifestFile> manifests, const ManifestReadOptions& options,
                      const std::function<Status(const ManifestFile&, ManifestEntry&&)>& visit) const;
  Result<std::vector<ManifestFile>> matching(const std::vector<ManifestFile>& all, const FileFilter& filter,
                                             ManifestContent content, ListFilesCounts& counts) const;

  storage::Stores* stores_;
  Catalog* catalog_;
  TableIdentifier identifier_;
  std::string metadata_location_;
  std::shared_ptr<const TableMetadata> metadata_;
};

}  // namespace earthcatalog::iceberg
