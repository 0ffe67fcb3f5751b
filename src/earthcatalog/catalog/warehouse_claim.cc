#include "earthcatalog/catalog/warehouse_claim.h"

#include <algorithm>

#include "earthcatalog/catalog/metadata_search.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {

Status check_no_other_table(storage::Stores& stores, const std::string& warehouse, const std::string& catalog_uri,
                            const iceberg::Table* own) {
  const std::string own_uuid = own != nullptr ? own->metadata().table_uuid : "";
  const auto looking = "looking for a table in " + warehouse;
  if (own != nullptr) {  // mostly only just made: then there is nothing to read
    EC_ASSIGN_OR_RETURN(const auto files, annotate(list_metadata(stores, warehouse), looking));
    const auto is_own = [&](const MetadataFile& file) {
      return storage::place_key(file.uri) == storage::place_key(own->metadata_location());
    };
    if (std::ranges::all_of(files, is_own)) return {};
  }
  EC_ASSIGN_OR_RETURN(const auto search, annotate(find_tables(stores, warehouse), looking));
  const auto other =
      std::ranges::find_if(search.tables, [&](const FoundTable& table) { return table.uuid() != own_uuid; });
  if (other == search.tables.end()) return {};
  const std::string remedy =
      fmt::format("`register(from_warehouse, catalog={}, warehouse={})`", catalog_uri, warehouse);
  if (own_uuid.empty() && storage::place_key(other->catalog) == catalog_uri) {
    return fail(ErrorKind::kAlreadyExists,
                "the catalog {} has lost its table, which is still in the warehouse: {}. A warehouse holds one table: "
                "take it back with {}; if it was dropped on purpose, remove {} first",
                catalog_uri, other->describe(), remedy, other->newest.metadata().location);
  }
  return fail(ErrorKind::kAlreadyExists,
              "the warehouse {} holds a table already, and not that of the catalog {}: {}. A warehouse holds one "
              "table: give the right `catalog`, or another `warehouse`; if the table's catalog is lost, make it anew "
              "with {}",
              warehouse, catalog_uri, other->describe(), remedy);
}

}  // namespace earthcatalog::catalog
