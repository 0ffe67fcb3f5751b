#include "earthcatalog/catalog/open_table.h"

#include <utility>

#include "earthcatalog/catalog/file/catalog_file.h"

namespace earthcatalog::catalog {

Error missing_table(CatalogFile& file, const std::string& uri) {
  auto exists = file.exists();
  if (!exists) return std::move(exists).error();
  if (!*exists) return {ErrorKind::kNotFound, fmt::format("there is no catalog {}; check the path", uri)};
  return {ErrorKind::kNotFound,
          fmt::format("the catalog {} has no table earthcatalog.stac_items; check the path", uri)};
}

Result<iceberg::Table> open_table(storage::Stores& stores, const std::string& uri, const std::string& scratch_folder) {
  EC_ASSIGN_OR_RETURN(const auto file, CatalogFile::open(stores, uri, {.scratch_folder = scratch_folder}));
  EC_ASSIGN_OR_RETURN(auto table, iceberg::Table::find(stores, *file));
  if (!table) return std::unexpected(missing_table(*file, uri));
  table->detach();
  return *std::move(table);
}

}  // namespace earthcatalog::catalog
