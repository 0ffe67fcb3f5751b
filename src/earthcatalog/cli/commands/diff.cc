#include "earthcatalog/inventory/diff/diff.h"

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/inventory_flags.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/standard_input.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

class Diff final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("diff", "added, changed and removed objects between two inventories, as an inventory");
    as_path(app_->add_option("--old", spec_.old_inventory, "the earlier inventory, in any format: path or URI"))
        ->required();
    as_path(app_->add_option("--new", spec_.new_inventory, "the later inventory"))->required();
    as_path(app_->add_option("--out", spec_.out, "the Parquet inventory to write (*.parquet): path or URI"))
        ->required();
    keys_.add(*app_);
    app_->add_option("--memory-limit", memory_limit_, "rows held; the rest is sorted in temporary files")
        ->capture_default_str();
    s3_.add(*app_);
    report_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto settings, s3_.settings(session()));
    EC_TRY(report_.begin(settings, spec_.new_inventory));
    EC_ASSIGN_OR_RETURN(spec_.memory_limit_bytes, annotate(config::parse_bytes(memory_limit_), "--memory-limit"));
    EC_ASSIGN_OR_RETURN(spec_.inventory_options, keys_.options());
    storage::Stores stores(settings);
    EC_ASSIGN_OR_RETURN(spec_.old_inventory, inventory_path(spec_.old_inventory));
    EC_ASSIGN_OR_RETURN(spec_.new_inventory, inventory_path(spec_.new_inventory));
    EC_TRY(choose_inventory(session(), stores, spec_.old_inventory));
    EC_TRY(choose_inventory(session(), stores, spec_.new_inventory));
    report_.set_inventory(spec_.new_inventory);
    inventory::DiffReport report;
    EC_TRY(session().watch([&](const Hooks& hooks) -> Status {
      spec_.hooks = hooks;
      EC_ASSIGN_OR_RETURN(report, inventory::diff_inventories(stores, spec_));
      return {};
    }));
    report_.print(report);
    return kExitOk;
  }

 private:
  inventory::DiffSpec spec_;
  InventoryFlags keys_;
  std::string memory_limit_ = default_memory_limit();
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_diff() { return std::make_unique<Diff>(); }

}  // namespace earthcatalog::cli
