#include "earthcatalog/compact/compact.h"

#include <fmt/format.h>

#include <cstdio>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/partition_flags.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

struct Flags {
  TableFlags table;
  LockFlags lock;
  std::string cell, year, memory_limit = default_memory_limit();
  std::int64_t threshold = 2, compact_rows = kMostFileRows;
  std::optional<int> workers;
  bool dry_run = false;
  void add(CLI::App& app);
};

void Flags::add(CLI::App& app) {
  table.add(app);
  app.add_option("--threshold", threshold, "a bucket with fewer files is left alone")
      ->check(at_least(1))
      ->capture_default_str();
  app.add_option("--cell", cell, "only the buckets of this cell, by its name");
  app.add_option("--year", year, "only the buckets of this year, or unknown");
  app.add_option("--compact-rows", compact_rows, "most rows of a data file")
      ->check(CLI::Range(std::int64_t{1}, kMostFileRows))
      ->capture_default_str();
  app.add_option("--memory-limit", memory_limit, "rows held; a larger bucket is sorted in a temporary file")
      ->capture_default_str();
  app.add_option("--workers", workers, "buckets merged at a time (default: one a core)")->check(at_least(1));
  app.add_flag("--dry-run", dry_run, "say what would be done, write nothing");
  lock.add(app, "Lock");
}

Result<compact::CompactSpec> make_spec(const Session& session, const Flags& flags, const TableAccess& access) {
  compact::CompactSpec spec;
  EC_ASSIGN_OR_RETURN(spec.catalog, locked_catalog(session, access, flags.lock, "compact"));
  if (!flags.cell.empty()) spec.partitions.cells.emplace(flags.cell);
  if (!flags.year.empty()) {
    EC_ASSIGN_OR_RETURN(const auto year, parse_year(flags.year));
    spec.partitions.years_since_1970.insert(year);
  }
  spec.threshold = flags.threshold;
  spec.compact_rows = flags.compact_rows;
  EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, annotate(config::parse_bytes(flags.memory_limit), "--memory-limit"));
  spec.workers = worker_count(flags.workers);
  spec.dry_run = flags.dry_run;
  return spec;
}

class Compact final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("compact", "merges the small files of each cell and year into few sorted ones");
    flags_.add(*app_);
    report_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(flags_.table));
    EC_TRY(report_.begin(access));
    EC_ASSIGN_OR_RETURN(auto spec, make_spec(session(), flags_, access));
    storage::Stores stores(access.storage);
    compact::CompactReport report;
    const auto status = session().watch([&](const Hooks& hooks) {
      spec.progress = hooks.progress;
      return compact::run_compact(stores, spec, hooks.stop, report);
    });
    report_.record(report);
    EC_TRY(status);
    if (report.interrupted) {
      return fail(ErrorKind::kCancelled, "stopped; the table is as it was. Run the same command to begin again.");
    }
    report_.tell(report);
    return kExitOk;
  }

 private:
  Flags flags_;
};

}  // namespace

std::unique_ptr<Command> make_compact() { return std::make_unique<Compact>(); }

}  // namespace earthcatalog::cli
