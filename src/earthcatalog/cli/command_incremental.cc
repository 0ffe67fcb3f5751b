#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "earthcatalog/cli/commands.h"
#include "earthcatalog/cli/lock_flags.h"
#include "earthcatalog/cli/options.h"
#include "earthcatalog/cli/progress_line.h"
#include "earthcatalog/cli/run_id.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/cli/table_options.h"
#include "earthcatalog/pipeline/incremental.h"

namespace earthcatalog::cli {
namespace {

struct Flags {
  TableFlags table;
  std::string inventory, since, suffix = ".stac.json", source_root = "s3://", key_encoding, grid, boundaries, id_field;
  std::string schema, max_object_size = "16MiB", memory_limit = "768MiB", commit_every = "15min", problems;
  std::string report;
  LockFlags lock;
  std::optional<std::int64_t> limit, chunk_size;
  std::optional<int> resolution, workers;
  std::size_t max_columns = 400;
  int fetch_concurrency = 256;
  bool batch_add_files = false, allow_pending = false, refetch = false, dry_run = false;
  FormatFlag format;
};

void add_input_options(CLI::App& app, Flags& flags) {
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

void add_table_options(CLI::App& app, Flags& flags) {
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

void add_run_options(CLI::App& app, Flags& flags) {
  const std::string group = "Run";
  app.add_option("--chunk-size", flags.chunk_size, "keys; the unit of fetch and progress (default: 20000)")
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
  app.add_option("--memory-limit", flags.memory_limit, "items and bodies held; reaching it commits")
      ->capture_default_str()
      ->group(group);
  app.add_option("--commit-every", flags.commit_every, "most time between commits")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--batch-add-files", flags.batch_add_files, "one commit at the end")->group(group);
  app.add_flag("--allow-pending", flags.allow_pending, "exit 0 although some objects are pending")->group(group);
  app.add_flag("--refetch", flags.refetch, "fetch also what is recorded as unchanged")->group(group);
  app.add_flag("--dry-run", flags.dry_run, "fetch and count, write nothing")->group(group);
  app.add_option("--problems", flags.problems, "NDJSON file of problems (default: <catalog>.<run id>.problems.ndjson)")
      ->group(group);
  app.add_option("--report", flags.report, "write the report as JSON to this file too")->group(group);
}

template <class T>
void set_if(std::optional<T>& target, const std::string& text) {
  if (!text.empty()) target = text;
}

Result<catalog::CatalogOptions> catalog_options(const Flags& flags, const TableAccess& access) {
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
  EC_TRY(flags.lock.apply("incremental", options));
  return options;
}

Result<inventory::InventoryOptions> inventory_options(const Flags& flags) {
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

Result<pipeline::IncrementalSpec> make_spec(const Flags& flags, const TableAccess& access) {
  pipeline::IncrementalSpec spec;
  spec.inventory = flags.inventory;
  EC_ASSIGN_OR_RETURN(spec.inventory_options, inventory_options(flags));
  EC_ASSIGN_OR_RETURN(spec.catalog, catalog_options(flags, access));
  spec.fetch.concurrency = flags.fetch_concurrency;
  spec.fetch.source_root = flags.source_root;
  EC_ASSIGN_OR_RETURN(spec.fetch.max_object_bytes, annotate(parse_bytes(flags.max_object_size), "--max-object-size"));
  spec.chunk_size = flags.chunk_size.value_or(access.config.chunk_size.value_or(spec.chunk_size));
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  spec.workers = flags.workers.value_or(access.config.max_workers.value_or(cores));
  EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, annotate(parse_bytes(flags.memory_limit), "--memory-limit"));
  EC_ASSIGN_OR_RETURN(spec.commit_every_seconds, annotate(parse_duration(flags.commit_every), "--commit-every"));
  spec.batch_add_files = flags.batch_add_files || access.config.batch_add_files.value_or(false);
  spec.refetch = flags.refetch;
  spec.dry_run = flags.dry_run;
  spec.max_columns = flags.max_columns;
  spec.problems = !flags.problems.empty() ? flags.problems
                                          : fmt::format("{}.{}.problems.ndjson", access.catalog, spec.catalog.run_id);
  return spec;
}

class Incremental final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("incremental", "from an inventory of objects to committed rows of the table");
    flags_.table.add(*app_);
    add_input_options(*app_, flags_);
    add_table_options(*app_, flags_);
    add_run_options(*app_, flags_);
    flags_.format.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(flags_.table));
    EC_ASSIGN_OR_RETURN(const auto spec, make_spec(flags_, access));
    storage::Stores stores(access.storage);
    pipeline::Report report;
    Status status;
    {
      ProgressLine line;
      const pipeline::Hooks hooks{.progress = [&](const pipeline::Progress& progress) { line.show(progress); },
                                  .stop = &stop_requested()};
      status = pipeline::run_incremental(stores, spec, hooks, report);
    }
    if (report.source_items > 0 || status) print(report);
    EC_TRY(write_report(report));
    EC_TRY(status);
    if (report.interrupted) {
      fmt::print(stderr, "earthcatalog: stopped; whole chunks are committed. Run the same command to go on.\n");
      return kExitInterrupted;
    }
    if (report.pending > 0 && !flags_.allow_pending) {
      fmt::print(stderr,
                 "earthcatalog: {} objects are pending. Run again with --inventory {} to retry them alone, or pass "
                 "--allow-pending to call this a success.\n",
                 report.pending, report.problems);
      return kExitFailed;
    }
    return kExitOk;
  }

 private:
  void print(const pipeline::Report& report) const {
    if (flags_.format.json()) {
      fmt::print("{}\n", pipeline::to_json(report));
    } else {
      fmt::print("{}", pipeline::to_text(report));
    }
    std::fflush(stdout);
  }

  Status write_report(const pipeline::Report& report) const {
    if (flags_.report.empty()) return {};
    std::ofstream file(flags_.report, std::ios::binary | std::ios::trunc);
    file << pipeline::to_json(report) << '\n';
    file.close();
    if (!file) return fail(ErrorKind::kIOError, "--report {}: cannot be written", flags_.report);
    return {};
  }

  Flags flags_;
};

}  // namespace

std::unique_ptr<Command> make_incremental() { return std::make_unique<Incremental>(); }

}  // namespace earthcatalog::cli
