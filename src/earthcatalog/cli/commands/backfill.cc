#include "earthcatalog/backfill/backfill.h"

#include <fmt/format.h>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/ingest_run.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/standard_input.h"

namespace earthcatalog::cli {
namespace {

struct Flags : IngestFlags {
  std::string staging, scheduler = "threads";
  std::int64_t compact_rows = kMostFileRows;
  bool skip_inventory = false, skip_ingest = false, retry_pending = false, replace = false, restart = false;
  bool keep_staging = false, delta = false, update_hash_index = false, skip_upload = false;
  std::string hash_index;
};

void add_own_options(CLI::App& app, Flags& flags) {
  const std::string group = "Backfill";
  as_path(
      app.add_option(
          "--staging", flags.staging,
          "folder or prefix for what is done so far; path or URI (default: the direct shape, within the warehouse)"))
      ->group(group);
  app.add_option("--compact-rows", flags.compact_rows, "most rows of a data file")
      ->check(CLI::Range(std::int64_t{1}, kMostFileRows))
      ->capture_default_str()
      ->group(group);
  app.add_option("--scheduler", flags.scheduler, "threads, or synchronous: one thread does all")
      ->check(CLI::IsMember({"synchronous", "threads"}))
      ->capture_default_str()
      ->group(group);
  app.add_flag("--skip-inventory", flags.skip_inventory, "use the chunks that are staged")->group(group);
  app.add_flag("--skip-ingest", flags.skip_ingest, "use the rows that are staged")->group(group);
  app.add_flag("--retry-pending", flags.retry_pending, "fetch again what gave up")->group(group);
  app.add_flag("--delta", flags.delta, "add to the table's rows: an upsert, like incremental's")->group(group);
  app.add_flag("--replace", flags.replace, "put the backfill in place of the table's rows, in one commit")
      ->group(group);
  app.add_flag("--restart", flags.restart, "throw away what is staged, and begin anew")->group(group);
  app.add_flag("--update-hash-index", flags.update_hash_index,
               "bring the hash index up to date after the commit; make it when there is none")
      ->group(group);
  as_path(app.add_option("--hash-index", flags.hash_index,
                         "where: path or URI (default: the table's property); implies --update-hash-index"))
      ->group(group);
  app.add_flag("--skip-upload", flags.skip_upload,
               "the catalog stays on this machine: an error when it is at a URI of a store")
      ->group(group);
  app.add_flag("--keep-staging", flags.keep_staging, "leave what is staged after the commit")->group(group);
}

Result<backfill::BackfillSpec> make_spec(const Session& session, const Flags& flags, const TableAccess& access) {
  backfill::BackfillSpec spec;
  EC_ASSIGN_OR_RETURN(const auto input, inventory_options(flags));
  EC_ASSIGN_OR_RETURN(spec.settings.inventory, inventory_path(flags.inventory));
  spec.settings.suffix = flags.keys.suffix;
  spec.settings.key_encoding = flags.keys.key_encoding;
  spec.settings.source_root = flags.keys.root();
  spec.settings.since_text = flags.keys.since;
  spec.settings.since = input.since;
  spec.settings.limit = input.limit;
  spec.settings.chunk_size = flags.chunk_size.value_or(spec.settings.chunk_size);
  EC_ASSIGN_OR_RETURN(spec.catalog, catalog_options(session, flags, access, "backfill"));
  spec.catalog.default_resolution.reset();  // run_backfill() knows which shape has one
  EC_ASSIGN_OR_RETURN(spec.catalog.warehouse, storage::normalize_uri(spec.catalog.warehouse));
  if (flags.skip_upload) {
    EC_ASSIGN_OR_RETURN(const auto catalog_uri, storage::normalize_uri(access.catalog));
    if (!catalog_uri.starts_with("file://")) {
      return fail(ErrorKind::kInvalidArgument,
                  "--skip-upload: the commit is the moment when {} is stored; give the path of a local catalog",
                  catalog_uri);
    }
  }
  if (!flags.staging.empty()) {
    EC_ASSIGN_OR_RETURN(spec.staging, storage::normalize_uri(flags.staging));
  }
  EC_ASSIGN_OR_RETURN(spec.fetch, fetch_options(flags));
  EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, memory_limit(flags));
  EC_ASSIGN_OR_RETURN(spec.missing, annotate(parse_missing(flags.max_missing), "--max-missing"));
  spec.problems = problems_uri(flags, spec.catalog);
  spec.workers = flags.scheduler == "synchronous" ? 1 : worker_count(flags.workers);
  spec.compact_rows = flags.compact_rows;
  spec.max_columns = flags.max_columns;
  spec.skip_inventory = flags.skip_inventory;
  spec.skip_ingest = flags.skip_ingest;
  spec.retry_pending = flags.retry_pending;
  spec.delta = flags.delta;
  spec.replace = flags.replace;
  spec.hash_index = flags.update_hash_index || !flags.hash_index.empty();
  spec.hash_index_uri = flags.hash_index;
  spec.restart = flags.restart;
  spec.keep_staging = flags.keep_staging;
  if (session.grid() != nullptr) spec.partitioner = session.grid()->partitioner;
  return spec;
}

class BackfillCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("backfill", "a whole archive in four phases that may be stopped anywhere and go on");
    flags_.add(*app_, {.chunk_size = backfill::RunSettings().chunk_size,
                       .resolution = "with --staging a new table needs it, else 1"});
    add_own_options(*app_, flags_);
    report_.add(*app_, "Run");
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(session(), flags_.table));
    EC_TRY(report_.begin(access, flags_.inventory));
    EC_ASSIGN_OR_RETURN(auto spec, make_spec(session(), flags_, access));
    storage::Stores stores(access.storage);
    if (!spec.skip_inventory) EC_TRY(choose_inventory(session(), stores, spec.settings.inventory));
    report_.set_inventory(spec.settings.inventory);
    return run_ingest(
        flags_, session(), report_,
        {.work = [&](const Hooks& hooks,
                     ingest::Report& report) { return backfill::run_backfill(stores, spec, hooks, report); },
         .stopped = "finished chunks are staged",
         .retry =
             [&](const ingest::Report&) {
               return fmt::format(
                   "They are listed in {}/pending_chunks. Run the same command with --retry-pending to fetch "
                   "them again",
                   spec.staging.empty() ? "the warehouse's _runs/<run id>" : spec.staging);
             }});
  }

 private:
  Flags flags_;
};

}  // namespace

std::unique_ptr<Command> make_backfill() { return std::make_unique<BackfillCommand>(); }

}  // namespace earthcatalog::cli
