#include "earthcatalog/cli/ingest_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "earthcatalog/cli/run_id.h"

namespace earthcatalog::cli {
namespace {

void add_input_options(CLI::App& app, IngestFlags& flags) {
  const std::string group = "Input";
  app.add_option("--inventory", flags.inventory,
                 "list of objects: CSV, CSV.gz, Parquet, ORC, manifest.json, symlink.txt, "
                 "a problems file, or a prefix or folder to list; path or URI")
      ->required()
      ->group(group);
  app.add_option("--since", flags.since, "only objects modified since: 2026-01-31, an RFC 3339 time, or 2d")
      ->group(group);
  app.add_option("--limit", flags.limit, "only the first N keys after suffix and since")
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--suffix", flags.suffix, "keys that end so are items")->capture_default_str()->group(group);
  app.add_option("--source-root", flags.source_root,
                 "where buckets are: s3://, or file:///data/ for /data/<bucket>/<key>")
      ->capture_default_str()
      ->group(group);
  app.add_option("--key-encoding", flags.key_encoding,
                 "spelling of keys in a CSV (default: url without a header, else raw)")
      ->check(CLI::IsMember({"raw", "url"}))
      ->group(group);
}

void add_table_options(CLI::App& app, IngestFlags& flags) {
  const std::string group = "Table";
  app.add_option("--grid", flags.grid, "h3 or geojson (default: the table's; h3 for a new table)")->group(group);
  app.add_option("--h3-resolution", flags.resolution, "0 to 15 (default: the table's; 1 for a new table)")
      ->group(group);
  app.add_option("--boundaries", flags.boundaries, "GeoJSON FeatureCollection of the regions of --grid geojson")
      ->group(group);
  app.add_option("--id-field", flags.id_field, "property of a region that names it")->group(group);
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
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--workers", flags.workers, "threads that parse items and write files (default: one a core)")
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--fetch-concurrency", flags.fetch_concurrency, "most GETs in flight")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group);
  app.add_option("--max-object-size", flags.max_object_size, "larger objects are rejected")
      ->capture_default_str()
      ->group(group);
  app.add_option("--memory-limit", flags.memory_limit, "items and bodies held; reaching it writes them")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--allow-pending", flags.allow_pending, "exit 0 although some objects are pending")->group(group);
  app.add_option("--problems", flags.problems, "NDJSON file of problems (default: <catalog>.<run id>.problems.ndjson)")
      ->group(group);
  app.add_option("--report", flags.report, "write the report as JSON to this file too")->group(group);
}

template <class T>
void set_if(std::optional<T>& target, const std::string& text) {
  if (!text.empty()) target = text;
}

}  // namespace

void IngestFlags::add(CLI::App& app, std::int64_t default_chunk_size) {
  table.add(app);
  add_input_options(app, *this);
  add_table_options(app, *this);
  add_run_options(app, *this, default_chunk_size);
  format.add(app);
}

Result<catalog::CatalogOptions> catalog_options(const IngestFlags& flags, const TableAccess& access,
                                                const std::string& owner) {
  catalog::CatalogOptions options;
  options.catalog = access.catalog;
  options.warehouse = access.warehouse;
  options.run_id = make_run_id();
  const Config& config = access.config;
  options.grid = {.type = config.grid_type,
                  .resolution = config.resolution,
                  .boundaries_path = config.boundaries_path,
                  .id_field = config.id_field};
  set_if(options.grid.type, flags.grid);
  set_if(options.grid.boundaries_path, flags.boundaries);
  set_if(options.grid.id_field, flags.id_field);
  if (flags.resolution) options.grid.resolution = flags.resolution;
  options.default_resolution = 1;
  if (flags.schema == "auto") options.schema = stac::SchemaKind::kAuto;
  if (flags.schema == "itslive") options.schema = stac::SchemaKind::kItslive;
  EC_TRY(flags.lock.apply(owner, options));
  return options;
}

Result<inventory::InventoryOptions> inventory_options(const IngestFlags& flags) {
  inventory::InventoryOptions options;
  options.suffix = flags.suffix;
  options.limit = flags.limit;
  options.source_root = flags.source_root;
  if (flags.key_encoding == "raw") options.key_encoding = inventory::KeyEncoding::kRaw;
  if (flags.key_encoding == "url") options.key_encoding = inventory::KeyEncoding::kUrl;
  if (!flags.since.empty()) {
    EC_ASSIGN_OR_RETURN(options.since, annotate(inventory::parse_since(flags.since, system_now()), "--since"));
  }
  return options;
}

int worker_count(const IngestFlags& flags, const TableAccess& access) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return flags.workers.value_or(access.config.max_workers.value_or(cores));
}

std::string problems_uri(const IngestFlags& flags, const catalog::CatalogOptions& options) {
  if (!flags.problems.empty()) return flags.problems;
  return fmt::format("{}.{}.problems.ndjson", options.catalog, options.run_id);
}

Result<fetch::FetchOptions> fetch_options(const IngestFlags& flags) {
  fetch::FetchOptions options;
  options.concurrency = flags.fetch_concurrency;
  options.source_root = flags.source_root;
  EC_ASSIGN_OR_RETURN(options.max_object_bytes, annotate(parse_bytes(flags.max_object_size), "--max-object-size"));
  return options;
}

}  // namespace earthcatalog::cli
