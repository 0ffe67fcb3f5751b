#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/read/table_summary.h"

namespace earthcatalog::cli {
namespace {

class Info final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("info", "table, grid, schema, snapshots, files, rows, items, largest cells and years");
    table_.add(*app_);
    app_->add_option("--top", top_, "how many cells and years are listed")->capture_default_str();
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, report_));
    EC_ASSIGN_OR_RETURN(const auto summary, read::summarize(access.table, top_));
    report_.print(summary);
    return kExitOk;
  }

 private:
  TableFlags table_;
  std::size_t top_ = 5;
};

}  // namespace

std::unique_ptr<Command> make_info() { return std::make_unique<Info>(); }

}  // namespace earthcatalog::cli
