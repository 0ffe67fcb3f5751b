#include "earthcatalog/catalog/metadata_search.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

constexpr std::string_view kSuffix = ".metadata.json";

std::string folder_of(const std::string& warehouse) {
  return storage::join_uri(warehouse, "earthcatalog/stac_items/metadata");
}

std::string_view file_name(std::string_view uri) { return uri.substr(uri.rfind('/') + 1); }

Result<std::string> hinted_name(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(storage::join_uri(folder_of(warehouse), "version-hint.text")));
  EC_ASSIGN_OR_RETURN(const auto hint, where.store->get(where.key));
  return hint ? hint->bytes + std::string(kSuffix) : std::string();
}

class Search {
 public:
  Search(storage::Stores& stores, std::string hinted) : stores_(stores), hinted_(std::move(hinted)) {}

  Status look_at(const MetadataFile& file) {
    if (past_.contains(file.uri)) return {};
    auto table = iceberg::Table::open_metadata(stores_, file.uri);
    if (!table) {
      const auto kind = table.error().kind;
      if (kind != ErrorKind::kInvalidData && kind != ErrorKind::kUnsupported && kind != ErrorKind::kNotFound) {
        return std::unexpected(std::move(table).error());
      }
      pass_over(file, table.error().message);
    } else if (table->current_snapshot() == nullptr) {
      pass_over(file, "it has no snapshot: the table was only just made");
    } else {
      add(std::move(*table), file.version);
    }
    return {};
  }

  MetadataSearch finish() { return std::move(result_); }

 private:
  void pass_over(const MetadataFile& file, std::string reason) {
    if (!newest_version_ || file.version == newest_version_) {
      result_.passed_over.push_back({.uri = file.uri, .reason = std::move(reason)});
    }
  }

  // Files come by descending number: of one table only those of the same number compete.
  void add(iceberg::Table table, std::int64_t version) {
    if (!newest_version_) newest_version_ = version;
    for (const auto& entry : table.metadata().metadata_log) past_.insert(storage::place_key(entry.metadata_file));
    const auto known = std::ranges::find(result_.tables, table.metadata().table_uuid, &FoundTable::uuid);
    if (known == result_.tables.end()) {
      result_.tables.push_back({.newest = std::move(table), .catalog = {}});
      versions_.push_back(version);
    } else if (versions_[static_cast<std::size_t>(known - result_.tables.begin())] == version &&
               rank(known->newest) < rank(table)) {
      known->newest = std::move(table);
    }
  }

  std::tuple<bool, std::int64_t> rank(const iceberg::Table& table) const {
    return {file_name(table.metadata_location()) == hinted_, table.metadata().last_updated_ms};
  }

  storage::Stores& stores_;
  const std::string hinted_;
  MetadataSearch result_;
  std::vector<std::int64_t> versions_;          // of the tables' metadata
  std::optional<std::int64_t> newest_version_;  // of the first table's
  std::set<std::string, std::less<>> past_;     // metadata that tables found before replaced
};

}  // namespace

Result<std::vector<MetadataFile>> list_metadata(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(folder_of(warehouse) + "/"));
  std::vector<MetadataFile> files;
  EC_TRY(where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
    const std::string uri = where.store->uri(info.key);
    if (uri.ends_with(kSuffix)) files.push_back({.uri = uri, .version = iceberg::metadata_version(uri)});
    return {};
  }));
  std::ranges::stable_sort(files, std::ranges::greater{}, &MetadataFile::version);
  return files;
}

Result<MetadataSearch> find_tables(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto files, list_metadata(stores, warehouse));
  if (files.empty()) return MetadataSearch{};
  EC_ASSIGN_OR_RETURN(std::string hinted, hinted_name(stores, warehouse));
  Search search(stores, std::move(hinted));
  for (const auto& file : files) EC_TRY(search.look_at(file));
  MetadataSearch result = search.finish();
  for (auto& table : result.tables) {
    table.catalog = table.newest.metadata().property(kCatalogProperty).value_or("");
  }
  return result;
}

std::string FoundTable::describe() const {
  const auto& metadata = newest.metadata();
  const auto& summary = metadata.current_snapshot()->summary;
  const auto rows = summary.find("total-records");
  return fmt::format("{} ({} rows, last commit {}, {}, {})", uuid(), rows == summary.end() ? "unknown" : rows->second,
                     format_time(metadata.last_updated_ms * 1000),
                     catalog.empty() ? "catalog not recorded" : "catalog " + catalog, newest.metadata_location());
}

Status check_place(const iceberg::Table& table, const std::string& warehouse) {
  if (storage::place_key(table.metadata_place()) == storage::place_key(folder_of(warehouse))) return {};
  return fail(ErrorKind::kInvalidData,
              "{} describes a table whose metadata lie in {}: this warehouse is a copy. Give the other one, or make a "
              "table of the data files here with `reconstruct`",
              table.metadata_location(), table.metadata_place());
}

}  // namespace earthcatalog::catalog
