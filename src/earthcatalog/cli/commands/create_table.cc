#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class CreateTable final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("create_table", "an empty table, and its catalog where there is none");
    table_.add(*app_);
    app_->add_option("--grid", grid_.type, "h3 or geojson (default: h3)");
    app_->add_option("--h3-resolution", grid_.resolution, "0 to 15 (default: 1)");
    as_path(app_->add_option("--boundaries", grid_.boundaries_path, "GeoJSON FeatureCollection of the regions"));
    app_->add_option("--id-field", grid_.id_field, "property of a region that names it");
    app_->add_option("--schema", schema_, "auto or itslive (default: auto)")->check(CLI::IsMember({"auto", "itslive"}));
    lock_.add(*app_, "Lock");
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(session(), table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    EC_ASSIGN_OR_RETURN(auto options, locked_catalog(session(), access, lock_, "create_table"));
    options.grid = grid_;
    options.default_resolution = 1;
    options.schema = schema_ == "itslive" ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    EC_ASSIGN_OR_RETURN(const auto metadata, catalog::create_table(stores, options));
    report_.record_json(nlohmann::ordered_json{{"metadata", metadata}}.dump());
    return kExitOk;
  }

 private:
  TableFlags table_;
  LockFlags lock_;
  catalog::GridRequest grid_;
  std::string schema_ = "auto";
};

}  // namespace

std::unique_ptr<Command> make_create_table() { return std::make_unique<CreateTable>(); }

}  // namespace earthcatalog::cli
