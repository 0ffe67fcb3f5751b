#include "earthcatalog/read/history.h"

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class HistoryCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("history", "runs and snapshots of a table: when, by whom, what came and went");
    table_.add(*app_);
    app_->add_option("--limit", limit_, "the newest so many snapshots")->check(at_least(1))->capture_default_str();
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    EC_ASSIGN_OR_RETURN(const auto catalog, catalog::Catalog::open(stores, catalog_at(access)));
    auto history = read::read_history(catalog->table().metadata(), limit_);
    history.catalog = catalog->uri();
    history.warehouse = catalog->warehouse();
    report_.print(history);
    return kExitOk;
  }

 private:
  TableFlags table_;
  std::size_t limit_ = 20;
};

}  // namespace

std::unique_ptr<Command> make_history() { return std::make_unique<HistoryCommand>(); }

}  // namespace earthcatalog::cli
