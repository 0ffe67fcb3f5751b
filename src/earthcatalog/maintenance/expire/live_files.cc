#include "earthcatalog/maintenance/expire/live_files.h"

#include <algorithm>
#include <span>
#include <vector>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::string_view kPartition = "/grid_partition=";

// Returns what stays of a file's name when its warehouse is reached by another: from the partition on, else the last
// part.
std::string_view tail_of(std::string_view uri) {
  const auto at = uri.rfind(kPartition);
  return uri.substr(at != uri.npos ? at + 1 : uri.rfind('/') + 1);
}

bool lies_under(std::string_view uri, const std::vector<std::string>& places) {
  return std::ranges::any_of(places, [&](const std::string& place) { return uri.starts_with(place); });
}

}  // namespace

Status for_each_file(const iceberg::Table& table, const std::set<std::int64_t>& snapshots,
                     const std::function<Status(const std::string&)>& visit) {
  std::vector<std::int64_t> ids;
  for (const std::int64_t id : snapshots) {
    const auto* snapshot = table.metadata().find_snapshot(id);
    if (snapshot == nullptr) continue;
    EC_TRY(visit(snapshot->manifest_list));
    ids.push_back(id);
  }
  std::vector<std::vector<iceberg::ManifestFile>> lists(ids.size());
  EC_TRY(parallel_for(ids.size(), table.stores().parallel(1), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(lists[i], table.manifests(ids[i]));
    return {};
  }));
  std::set<std::string> seen;
  std::vector<iceberg::ManifestFile> manifests;
  for (auto& list : lists) {
    for (auto& manifest : list) {
      if (!seen.insert(manifest.manifest_path).second) continue;
      EC_TRY(visit(manifest.manifest_path));
      manifests.push_back(std::move(manifest));
    }
  }
  return table.read_files(manifests, false, [&](iceberg::DataFile&& file) { return visit(file.file_path); });
}

Status LiveFiles::add_snapshots(const iceberg::Table& table, const std::set<std::int64_t>& snapshots) {
  return for_each_file(table, snapshots, [this](const std::string& uri) -> Status {
    add_file(uri);
    return {};
  });
}

Status LiveFiles::add_metadata(const iceberg::Table& table, std::ptrdiff_t forgotten,
                               const std::set<std::int64_t>& removed) {
  add_optional(table.metadata_location());
  add_optional(storage::join_uri(table.metadata_place(), "version-hint.text"));
  for (const auto& entry : std::span(table.metadata().metadata_log).subspan(static_cast<std::size_t>(forgotten))) {
    add_optional(entry.metadata_file);
    // Readers that opened that file before it was replaced may still be at its object index.
    const auto before = iceberg::Table::open_metadata(table.stores(), entry.metadata_file);
    if (before) EC_TRY(add_index(before->metadata()));
    if (!before && before.error().kind != ErrorKind::kNotFound) return std::unexpected(before.error());
  }
  EC_ASSIGN_OR_RETURN(const auto statistics, iceberg::statistics_files(table.metadata(), removed));
  for (const auto& uri : statistics) add_optional(uri);
  return add_index(table.metadata());
}

Status LiveFiles::add_index(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.property(catalog::kObjectIndexProperty);
  if (!property) return {};
  EC_ASSIGN_OR_RETURN(const auto index, index::IndexManifest::parse(*property));
  for (const auto& run : index.runs) add_optional(run.uri);
  return {};
}

void LiveFiles::seal() {
  for (auto* set : {&needed_, &optional_, &names_outside_}) set->seal();
}

void LiveFiles::add_file(const std::string& uri) {
  const std::string key = storage::place_key(uri);
  if (lies_under(key, places_)) {
    needed_.add(key);
  } else {
    names_outside_.add(tail_of(uri));
  }
}

void LiveFiles::add_optional(const std::string& uri) {
  const std::string key = storage::place_key(uri);
  optional_.add(key);
  if (!lies_under(key, places_)) names_outside_.add(tail_of(uri));
}

Verdict LiveFiles::judge(std::string_view uri) {
  if (needed_.mark(uri) || optional_.contains(uri)) return Verdict::kLive;
  return names_outside_.contains(tail_of(uri)) ? Verdict::kUnsure : Verdict::kDead;
}

Status LiveFiles::check_all_seen(const iceberg::Table& table, const std::set<std::int64_t>& snapshots) const {
  if (needed_.unmarked() == 0) return {};
  return for_each_file(table, snapshots, [this](const std::string& uri) -> Status {
    const std::string key = storage::place_key(uri);
    if (!lies_under(key, places_) || needed_.marked(key)) return {};
    return fail(ErrorKind::kInvalidData,
                "{} is part of the table and not in the listing of its folder: it is lost, or the warehouse goes by "
                "another name. No file was removed",
                uri);
  });
}

}  // namespace earthcatalog::maintenance
