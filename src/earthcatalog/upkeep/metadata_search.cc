#include "earthcatalog/upkeep/metadata_search.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace earthcatalog::upkeep {
namespace {

constexpr std::string_view kSuffix = ".metadata.json";

std::string folder_of(const std::string& warehouse) {
  return storage::join_uri(warehouse, "earthcatalog/stac_items/metadata");
}

std::string_view file_name(std::string_view uri) { return uri.substr(uri.rfind('/') + 1); }

std::int64_t version_of(std::string_view name) {
  std::int64_t version = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && end != name.data() + name.size() && *end == '-' ? version : -1;
}

Result<std::string> hinted_name(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(storage::join_uri(folder_of(warehouse), "version-hint.text")));
  EC_ASSIGN_OR_RETURN(const auto hint, where.store->get(where.key));
  return hint ? hint->bytes + std::string(kSuffix) : std::string();
}

// Metadata of a warehouse that was copied name the files of the first one.
Status check_place(const iceberg::Table& table, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto there, table.stores().locate(table.metadata_place()));
  EC_ASSIGN_OR_RETURN(const auto here, table.stores().locate(folder_of(warehouse)));
  if (there.uri() == here.uri()) return {};
  return fail(ErrorKind::kInvalidData,
              "{} describes a table whose metadata lie in {}: this warehouse is a copy. Give the other one, or make a "
              "table of the data files here with `reconstruct`",
              table.metadata_location(), table.metadata_place());
}

// One group of metadata files with the same number.
class Search {
 public:
  Search(storage::Stores& stores, std::string hinted) : stores_(stores), hinted_(std::move(hinted)) {}

  Status look_at(const std::string& uri, MetadataSearch& result) {
    auto table = iceberg::Table::open_metadata(stores_, uri);
    if (!table) {
      const auto kind = table.error().kind;
      if (kind != ErrorKind::kInvalidData && kind != ErrorKind::kUnsupported && kind != ErrorKind::kNotFound) {
        return std::unexpected(std::move(table).error());
      }
      result.passed_over.push_back({.uri = uri, .reason = table.error().message});
    } else if (table->current_snapshot() == nullptr) {
      result.passed_over.push_back({.uri = uri, .reason = "it has no snapshot: the table was only just made"});
    } else if (!result.newest || rank(*result.newest) < rank(*table)) {
      result.newest = std::move(*table);
    }
    return {};
  }

 private:
  std::tuple<bool, std::int64_t> rank(const iceberg::Table& table) const {
    return {file_name(table.metadata_location()) == hinted_, table.metadata().last_updated_ms};
  }

  storage::Stores& stores_;
  const std::string hinted_;
};

}  // namespace

Result<std::vector<MetadataFile>> list_metadata(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(folder_of(warehouse) + "/"));
  std::vector<MetadataFile> files;
  EC_TRY(where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
    const std::string uri = where.store->uri(info.key);
    if (uri.ends_with(kSuffix)) files.push_back({.uri = uri, .version = version_of(file_name(uri))});
    return {};
  }));
  std::ranges::stable_sort(files, std::ranges::greater{}, &MetadataFile::version);
  return files;
}

Result<MetadataSearch> find_newest_metadata(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto files, list_metadata(stores, warehouse));
  EC_ASSIGN_OR_RETURN(std::string hinted, hinted_name(stores, warehouse));
  Search search(stores, std::move(hinted));
  MetadataSearch result;
  for (std::size_t i = 0; i < files.size(); ++i) {
    EC_TRY(search.look_at(files[i].uri, result));
    const bool last_of_number = i + 1 == files.size() || files[i + 1].version != files[i].version;
    if (last_of_number && result.newest) break;
  }
  if (result.newest) EC_TRY(check_place(*result.newest, warehouse));
  return result;
}

}  // namespace earthcatalog::upkeep
