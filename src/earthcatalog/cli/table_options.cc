#include "earthcatalog/cli/table_options.h"

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

}  // namespace earthcatalog::cli
