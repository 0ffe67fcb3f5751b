// The files that a table needs: what its snapshots, its metadata and its object index name.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/maintenance/expire/path_set.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

/// Calls `visit` with the URI, as it is written there, of each manifest list, manifest and data file of these
/// snapshots. Manifests that several of them share are read once; memory is one manifest. An error names what cannot
/// be read, or comes from `visit`.
Status for_each_file(const iceberg::Table& table, const std::set<std::int64_t>& snapshots,
                     const std::function<Status(const std::string&)>& visit);

/// Classifies a name found in a listing.
enum class Verdict : std::uint8_t {
  kLive,
  kDead,    ///< nothing names it
  kUnsure,  ///< named like a live file that lies elsewhere: the same file by another name, perhaps
};

/// URIs are compared by storage::place_key: "s3a://b/k" is "s3://b/k", "file:/p" is "file:///p".
class LiveFiles {
 public:
  /// `places`: the URIs that files will be listed under, as prefixes.
  explicit LiveFiles(std::vector<std::string> places) : places_(std::move(places)) {}

  /// Adds what these of the table's snapshots name.
  Status add_snapshots(const iceberg::Table& table, const std::set<std::int64_t>& snapshots);
  /// Adds what the table's metadata name besides, and the object indexes that its metadata log named; as they will be
  /// without the log's first `forgotten` entries and without these snapshots.
  Status add_metadata(const iceberg::Table& table, std::ptrdiff_t forgotten, const std::set<std::int64_t>& removed);
  void seal();

  /// Judges a file under one of the places; `uri` as its store spells it.
  Verdict judge(std::string_view uri);
  /// After all were judged: kInvalidData with the first file of these snapshots that lies under the places by its name
  /// and was not among them. Reads manifests only when there is one.
  Status check_all_seen(const iceberg::Table& table, const std::set<std::int64_t>& snapshots) const;

 private:
  Status add_index(const iceberg::TableMetadata& metadata);
  void add_file(const std::string& uri);
  void add_optional(const std::string& uri);

  const std::vector<std::string> places_;
  PathSet needed_;         // files of snapshots, under the places: they must be there
  PathSet optional_;       // the metadata log, runs of the index: others may have removed them
  PathSet names_outside_;  // of files of snapshots that lie elsewhere: the last parts of their names
};

}  // namespace earthcatalog::maintenance
