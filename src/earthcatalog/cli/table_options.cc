#include "earthcatalog/cli/table_options.h"

#include <algorithm>
#include <thread>

#include "earthcatalog/cli/run_id.h"

namespace earthcatalog::cli {

void TableFlags::add(CLI::App& app) {
  app.add_option("--config", config_path, "YAML file with the sections catalog, grid, ingest, storage");
  app.add_option("--catalog", catalog, "SQLite catalog: path or s3:// URI");
  app.add_option("--warehouse", warehouse, "root of the GeoParquet files: path or URI");
  s3.add(app);
}

Result<TableAccess> resolve(const TableFlags& flags) {
  TableAccess access;
  EC_ASSIGN_OR_RETURN(access.config, load_config(flags.config_path));
  access.storage = merge_storage(flags.s3, access.config, process_environment);
  access.catalog = !flags.catalog.empty() ? flags.catalog : access.config.db_path.value_or("");
  access.warehouse = !flags.warehouse.empty() ? flags.warehouse : access.config.warehouse.value_or("");
  if (access.catalog.empty()) {
    return fail(ErrorKind::kInvalidArgument, "--catalog is needed (or catalog.db_path in --config FILE)");
  }
  return access;
}

catalog::CatalogOptions catalog_at(const TableAccess& access) {
  catalog::CatalogOptions options;
  options.catalog = access.catalog;
  options.warehouse = access.warehouse;
  return options;
}

Result<catalog::CatalogOptions> locked_catalog(const TableAccess& access, const LockFlags& lock,
                                               const std::string& owner) {
  auto options = catalog_at(access);
  options.run_id = make_run_id();
  EC_TRY(lock.apply(owner, options));
  return options;
}

catalog::GridRequest complete(catalog::GridRequest asked, const Config& config) {
  if (!asked.type) asked.type = config.grid_type;
  if (!asked.resolution) asked.resolution = config.resolution;
  if (!asked.boundaries_path) asked.boundaries_path = config.boundaries_path;
  if (!asked.id_field) asked.id_field = config.id_field;
  return asked;
}

int worker_count(std::optional<int> asked, const TableAccess& access) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return asked.value_or(access.config.max_workers.value_or(cores));
}

}  // namespace earthcatalog::cli
