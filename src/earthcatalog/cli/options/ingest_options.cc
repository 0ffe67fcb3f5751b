#include "earthcatalog/cli/options/ingest_options.h"

#include <fmt/format.h>

#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

void add_input_options(CLI::App& app, IngestFlags& flags) {
  const std::string group = "Input";
  as_path(app.add_option("--inventory", flags.inventory,
                         "list of objects: CSV, CSV.gz, Parquet, ORC, manifest.json, symlink.txt, "
                         "a problems file, or a prefix or folder to list; path or URI, or - for standard input"))
      ->required()
      ->group(group);
  app.add_option("--since", flags.keys.since, "only objects modified since: 2026-01-31, an RFC 3339 time, or 2d")
      ->group(group);
  flags.keys.add_limit(app, group);
  flags.keys.add(app, group);
}

void add_table_options(CLI::App& app, IngestFlags& flags, const char* default_resolution) {
  const std::string group = "Table";
  app.add_option("--grid", flags.grid.type, "h3 or geojson (default: the table's; h3 for a new table)")->group(group);
  app.add_option("--h3-resolution", flags.grid.resolution,
                 fmt::format("0 to 15 (default: the table's; {})", default_resolution))
      ->group(group);
  as_path(app.add_option("--boundaries", flags.grid.boundaries_path,
                         "GeoJSON FeatureCollection of the regions of --grid geojson"))
      ->group(group);
  app.add_option("--id-field", flags.grid.id_field, "property of a region that names it")->group(group);
  app.add_option("--schema", flags.schema,
                 "auto or itslive (default: the table's; for a new table itslive when every "
                 "item's collection is itslive-granules)")
      ->check(CLI::IsMember({"auto", "itslive"}))
      ->group(group);
  app.add_option("--max-columns", flags.max_columns,
                 "most columns of an auto schema; further properties stay in stac_extra")
      ->capture_default_str()
      ->group(group);
  flags.lock.add(app, group);
}

void add_run_options(CLI::App& app, IngestFlags& flags, std::int64_t default_chunk_size) {
  const std::string group = "Run";
  app.add_option("--chunk-size", flags.chunk_size,
                 fmt::format("keys; the unit of fetch and progress (default: {})", default_chunk_size))
      ->check(at_least(1))
      ->group(group);
  app.add_option("--workers", flags.workers, "threads that parse items and write files (default: one a core)")
      ->check(at_least(1))
      ->group(group);
  app.add_option("--fetch-concurrency", flags.fetch_concurrency, "most GETs in flight")
      ->check(at_least(1))
      ->capture_default_str()
      ->group(group);
  app.add_option("--max-object-size", flags.max_object_size, "larger objects are rejected")
      ->capture_default_str()
      ->group(group);
  app.add_option("--memory-limit", flags.memory_limit, "items and bodies held; reaching it writes them; at least 64KiB")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--allow-pending", flags.allow_pending, "exit 0 although some objects are pending")->group(group);
  app.add_option("--max-missing", flags.max_missing,
                 "exit 1 when more objects are missing: a number or a share, e.g. 1% (default: when all are)")
      ->group(group);
  as_path(app.add_option("--problems", flags.problems,
                         "NDJSON file of problems (default: <catalog>.<run id>.problems.ndjson)"))
      ->group(group);
}

}  // namespace

void IngestFlags::add(CLI::App& app, const Defaults& defaults) {
  table.add(app);
  add_input_options(app, *this);
  add_table_options(app, *this, defaults.resolution);
  add_run_options(app, *this, defaults.chunk_size);
}

Result<catalog::CatalogOptions> catalog_options(const Session& session, const IngestFlags& flags,
                                                const TableAccess& access, const std::string& owner) {
  EC_ASSIGN_OR_RETURN(auto options, locked_catalog(session, access, flags.lock, owner));
  options.grid = session.grid() != nullptr ? session.grid()->request() : flags.grid;
  options.default_resolution = 1;
  if (flags.schema == "auto") options.schema = stac::SchemaKind::kAuto;
  if (flags.schema == "itslive") options.schema = stac::SchemaKind::kItslive;
  return options;
}

Result<inventory::InventoryOptions> inventory_options(const IngestFlags& flags) { return flags.keys.options(); }

Result<incremental::IncrementalSpec> incremental_spec(const Session& session, const IngestFlags& flags,
                                                      const TableAccess& access, const std::string& owner) {
  incremental::IncrementalSpec spec;
  EC_ASSIGN_OR_RETURN(spec.catalog, catalog_options(session, flags, access, owner));
  EC_ASSIGN_OR_RETURN(spec.fetch, fetch_options(flags));
  spec.chunk_size = flags.chunk_size.value_or(spec.chunk_size);
  spec.workers = worker_count(flags.workers);
  EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, memory_limit(flags));
  EC_ASSIGN_OR_RETURN(spec.missing, annotate(parse_missing(flags.max_missing), "--max-missing"));
  spec.max_columns = flags.max_columns;
  spec.problems = problems_uri(flags, spec.catalog);
  if (session.grid() != nullptr) spec.partitioner = session.grid()->partitioner;
  return spec;
}

Result<std::int64_t> memory_limit(const IngestFlags& flags) {
  EC_ASSIGN_OR_RETURN(const auto bytes, annotate(config::parse_bytes(flags.memory_limit), "--memory-limit"));
  if (bytes >= incremental::kLeastMemoryLimitBytes) return bytes;
  return fail(ErrorKind::kInvalidArgument, "--memory-limit {}: too little; give at least {}KiB", flags.memory_limit,
              incremental::kLeastMemoryLimitBytes >> 10);
}

std::string problems_uri(const IngestFlags& flags, const catalog::CatalogOptions& options) {
  if (!flags.problems.empty()) return flags.problems;
  return fmt::format("{}.{}.problems.ndjson", options.catalog, options.run_id);
}

Result<fetch::FetchOptions> fetch_options(const IngestFlags& flags) {
  fetch::FetchOptions options;
  options.concurrency = flags.fetch_concurrency;
  options.source_root = flags.keys.root();
  EC_ASSIGN_OR_RETURN(options.max_object_bytes,
                      annotate(config::parse_bytes(flags.max_object_size), "--max-object-size"));
  return options;
}

}  // namespace earthcatalog::cli
