#include "earthcatalog/cli/options/read_access.h"

#include <utility>

namespace earthcatalog::cli {

read::TablePlace place_of(const TableAccess& access) {
  return {.catalog = access.catalog, .warehouse = access.warehouse};
}

Result<ReadAccess> open_to_read(const TableFlags& flags, RunReport& report) {
  EC_ASSIGN_OR_RETURN(const auto access, resolve(flags));
  EC_TRY(report.begin(access));
  auto stores = std::make_unique<storage::Stores>(access.storage);
  EC_ASSIGN_OR_RETURN(auto table, read::TableReader::open(*stores, place_of(access)));
  return ReadAccess{.stores = std::move(stores), .table = std::move(table)};
}

}  // namespace earthcatalog::cli
