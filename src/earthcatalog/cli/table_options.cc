#include "earthcatalog/cli/table_options.h"

namespace earthcatalog::cli {

void TableFlags::add(CLI::App& app) {
  app.add_option("--config", config_path, "YAML file with the sections catalog, grid, ingest, storage");
  app.add_option("--catalog", catalog, "SQLite catalog: path or s3:// URI");
  app.add_option("--warehouse", warehouse, "root of the GeoParquet files: path or URI");
  s3.add(app);
}

void LockFlags::add(CLI::App& app, const std::string& group) {
  app.add_option("--lock", lock_uri, "where the lock is (default: <catalog>.lock)")->group(group);
  app.add_flag("--no-lock", no_lock, "run without the lock: only when nobody else writes")->group(group);
  app.add_option("--lock-ttl", lock_ttl, "a lock without heartbeat for so long is taken over")
      ->capture_default_str()
      ->group(group);
}

Status LockFlags::apply(catalog::CatalogOptions& options, const std::string& owner) const {
  options.lock = !no_lock;
  options.lock_uri = lock_uri;
  options.lock_owner = owner;
  EC_ASSIGN_OR_RETURN(const double ttl, annotate(parse_duration(lock_ttl), "--lock-ttl"));
  options.lock_stale_after_seconds = static_cast<std::int64_t>(ttl);
  options.host = catalog::this_host();
  return {};
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
