#include "earthcatalog/maintenance/audit/audit.h"

#include <fmt/format.h>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/inventory_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/run_id.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/standard_input.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

class Audit final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("audit", "is everything in the bucket in the table, once, and nothing else");
    table_.add(*app_);
    as_path(app_->add_option("--inventory", inventory_,
                             "list of all objects, in any format, or a prefix to list: path or URI"))
        ->required();
    app_->add_option("--since", keys_.since,
                     "objects modified before may be missing: 2026-01-31, an RFC 3339 time, or 2d");
    keys_.add(*app_);
    as_path(app_->add_option("--problems", problems_,
                             "problems file of an earlier run, which says why objects have no rows; "
                             "may be given several times"))
        ->allow_extra_args(false);
    as_path(app_->add_option("--out", out_, "NDJSON file of all findings (default: <catalog>.<run id>.audit.ndjson)"));
    app_->add_option("--memory-limit", memory_limit_, "what is sorted in memory; the rest in temporary files")
        ->capture_default_str();
    app_->add_option("--workers", workers_, "threads that read data files (default: one a core)")->check(at_least(1));
    report_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(session(), table_));
    EC_TRY(report_.begin(access, inventory_));
    EC_ASSIGN_OR_RETURN(auto spec, make_spec(access));
    storage::Stores stores(access.storage);
    EC_TRY(choose_inventory(session(), stores, spec.inventory));
    report_.set_inventory(spec.inventory);
    maintenance::AuditReport report;
    EC_TRY(session().watch([&](const Hooks& hooks) {
      spec.hooks = hooks;
      return maintenance::run_audit(stores, spec, report);
    }));
    report_.print(report);
    if (report.good()) return kExitOk;
    return fail(ErrorKind::kInvalidData, "the table is not as it should be: {} kinds of findings, listed in {}",
                report.findings.size(), report.out);
  }

 private:
  Result<maintenance::AuditSpec> make_spec(const TableAccess& access) const {
    maintenance::AuditSpec spec;
    EC_ASSIGN_OR_RETURN(spec.inventory, inventory_path(inventory_));
    EC_ASSIGN_OR_RETURN(spec.inventory_options, keys_.options());
    spec.problems = problems_;
    spec.table = place_of(access);
    spec.out = !out_.empty() ? out_ : fmt::format("{}.{}.audit.ndjson", access.catalog, make_run_id());
    EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, annotate(config::parse_bytes(memory_limit_), "--memory-limit"));
    spec.workers = static_cast<std::size_t>(worker_count(workers_));
    return spec;
  }

  TableFlags table_;
  InventoryFlags keys_;
  std::string inventory_, out_;
  std::string memory_limit_ = default_memory_limit();
  std::vector<std::string> problems_;
  std::optional<int> workers_;
};

}  // namespace

std::unique_ptr<Command> make_audit() { return std::make_unique<Audit>(); }

}  // namespace earthcatalog::cli
