#include "earthcatalog/read/history.h"

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class HistoryCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("history", "runs and snapshots of a table: when, by whom, what came and went");
    table_.add(*app_);
    app_->add_option("--limit", limit_, "the newest so many snapshots; 0: all")
        ->check(at_least(0))
        ->capture_default_str();
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, report_));
    report_.print(read::read_history(access.table, limit_));
    return kExitOk;
  }

 private:
  TableFlags table_;
  std::size_t limit_ = 20;
};

}  // namespace

std::unique_ptr<Command> make_history() { return std::make_unique<HistoryCommand>(); }

}  // namespace earthcatalog::cli
