#include "earthcatalog/incremental/incremental.h"

#include <fmt/format.h>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/ingest_run.h"
#include "earthcatalog/cli/options/standard_input.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

struct Flags : IngestFlags {
  std::string commit_every = "15min";
  bool batch_add_files = false, refetch = false, dry_run = false;
};

void add_own_options(CLI::App& app, Flags& flags) {
  const std::string group = "Run";
  app.add_option("--commit-every", flags.commit_every, "most time between commits")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--batch-add-files", flags.batch_add_files, "one commit at the end")->group(group);
  app.add_flag("--refetch", flags.refetch, "fetch also what is recorded as unchanged")->group(group);
  app.add_flag("--dry-run", flags.dry_run, "fetch and count, write nothing")->group(group);
}

Result<incremental::IncrementalSpec> make_spec(const Session& session, const Flags& flags, const TableAccess& access) {
  EC_ASSIGN_OR_RETURN(auto spec, incremental_spec(session, flags, access, "incremental"));
  EC_ASSIGN_OR_RETURN(spec.inventory, inventory_path(flags.inventory));
  EC_ASSIGN_OR_RETURN(spec.inventory_options, inventory_options(flags));
  EC_ASSIGN_OR_RETURN(spec.commit_every_seconds,
                      annotate(config::parse_duration(flags.commit_every), "--commit-every"));
  spec.batch_add_files = flags.batch_add_files;
  spec.refetch = flags.refetch;
  spec.dry_run = flags.dry_run;
  if (flags.dry_run) spec.problems = flags.problems;  // writes nothing that nobody asked for
  return spec;
}

class Incremental final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("incremental", "from an inventory of objects to committed rows of the table");
    flags_.add(*app_, {.chunk_size = incremental::IncrementalSpec().chunk_size});
    add_own_options(*app_, flags_);
    report_.add(*app_, "Run");
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(flags_.table));
    EC_TRY(report_.begin(access, flags_.inventory));
    EC_ASSIGN_OR_RETURN(auto spec, make_spec(session(), flags_, access));
    storage::Stores stores(access.storage);
    EC_TRY(choose_inventory(session(), stores, spec.inventory));
    report_.set_inventory(spec.inventory);
    return run_ingest(
        flags_, session(), report_,
        {.work = [&](const Hooks& hooks,
                     ingest::Report& report) { return incremental::run_incremental(stores, spec, hooks, report); },
         .stopped = "whole chunks are committed",
         .retry =
             [](const ingest::Report& report) {
               if (report.problems.empty()) return std::string("Run again to retry them");
               return fmt::format("Run again with --inventory {} to retry them alone", report.problems);
             }});
  }

 private:
  Flags flags_;
};

}  // namespace

std::unique_ptr<Command> make_incremental() { return std::make_unique<Incremental>(); }

}  // namespace earthcatalog::cli
