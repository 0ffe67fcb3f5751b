#include "earthcatalog/maintenance/recover/register.h"

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class Register final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("register", "makes a lost catalog file anew from what lies in the warehouse");
    app_->add_flag("--from-warehouse", from_warehouse_, "look for the table in the warehouse")->required();
    table_.add(*app_);
    app_->add_option("--table-uuid", table_uuid_, "which table, of a warehouse that holds several");
    app_->add_flag("--replace", replace_, "although the catalog has the table already");
    app_->add_flag("--reconstruct", reconstruct_, "from the data files, although there are metadata");
    app_->add_flag("--rewrite", rewrite_, "reconstructing, write files anew of which some rows are doubles");
    app_->add_option("--workers", workers_, "threads that read data files (default: one a core)")->check(at_least(1));
    app_->add_flag("--dry-run", dry_run_, "tell what would be registered, change nothing");
    add_grid_options();
    lock_.add(*app_, "Lock");
    report_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    EC_TRY(report_.begin(access));
    EC_ASSIGN_OR_RETURN(const auto spec, make_spec(access));
    storage::Stores stores(access.storage);
    maintenance::RegisterReport report;
    // It holds the lock, and is not stopped half-way: a second Ctrl-C is.
    const auto status = session().watch([&](const Hooks& hooks) {
      hooks.progress({.stage = "register"});
      return maintenance::run_register(stores, spec, report);
    });
    report_.record(report);
    EC_TRY(status);
    report_.tell(report);
    return kExitOk;
  }

 private:
  void add_grid_options() {
    const std::string group = "Grid of a table that is reconstructed";
    app_->add_option("--grid", grid_.type, "h3 or geojson (default: h3)")->group(group);
    app_->add_option("--h3-resolution", grid_.resolution, "0 to 15 (default: that of the cells)")->group(group);
    as_path(app_->add_option("--boundaries", grid_.boundaries_path, "GeoJSON FeatureCollection of the regions"))
        ->group(group);
    app_->add_option("--id-field", grid_.id_field, "property of a region that names it")->group(group);
  }

  Result<maintenance::RegisterSpec> make_spec(const TableAccess& access) const {
    maintenance::RegisterSpec spec;
    EC_ASSIGN_OR_RETURN(spec.catalog, locked_catalog(session(), access, lock_, "register"));
    spec.catalog.grid = grid_;
    spec.table_uuid = table_uuid_;
    spec.replace = replace_;
    spec.reconstruct = reconstruct_;
    spec.rewrite = rewrite_;
    spec.dry_run = dry_run_;
    spec.workers = static_cast<std::size_t>(worker_count(workers_));
    return spec;
  }

  TableFlags table_;
  LockFlags lock_;
  catalog::GridRequest grid_;
  std::string table_uuid_;
  std::optional<int> workers_;
  bool from_warehouse_ = false, replace_ = false, reconstruct_ = false, rewrite_ = false, dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> make_register() { return std::make_unique<Register>(); }

}  // namespace earthcatalog::cli
