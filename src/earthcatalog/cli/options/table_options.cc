#include "earthcatalog/cli/options/table_options.h"

#include <algorithm>
#include <thread>

#include "earthcatalog/cli/options/settings.h"

namespace earthcatalog::cli {

void TableFlags::add(CLI::App& app) {
  as_path(app.add_option("--catalog", catalog, "SQLite catalog: path or s3:// URI"));
  as_path(app.add_option("--warehouse", warehouse, "root of the GeoParquet files: path or URI"));
  s3.add(app);
}

Result<TableAccess> resolve(const TableFlags& flags) {
  TableAccess access;
  EC_ASSIGN_OR_RETURN(access.storage, config::storage_settings(flags.s3, process_environment));
  access.catalog = flags.catalog;
  access.warehouse = flags.warehouse;
  if (access.catalog.empty()) {
    return fail(ErrorKind::kInvalidArgument,
                "--catalog is needed (or EARTHCATALOG_CATALOG, or catalog.db_path in the configuration file)");
  }
  return access;
}

catalog::CatalogOptions catalog_at(const TableAccess& access) {
  catalog::CatalogOptions options;
  options.catalog = access.catalog;
  options.warehouse = access.warehouse;
  return options;
}

Result<catalog::CatalogOptions> locked_catalog(const Session& session, const TableAccess& access, const LockFlags& lock,
                                               const std::string& owner) {
  auto options = catalog_at(access);
  options.held_lock = session.held_lock();
  EC_TRY(lock.apply(owner, options));
  return options;
}

int worker_count(std::optional<int> asked) {
  return asked.value_or(std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

}  // namespace earthcatalog::cli
