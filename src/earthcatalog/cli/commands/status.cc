#include "earthcatalog/backfill/status.h"

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class StatusCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("status", "how far a backfill has come, and what to run next");
    table_.add(*app_);
    as_path(
        app_->add_option("--staging", staging_,
                         "where the backfill stages; path or URI (default: the direct shape, within the warehouse)"));
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(session(), table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    backfill::StatusSpec spec{.table = place_of(access), .staging = {}};
    if (!staging_.empty()) {
      EC_ASSIGN_OR_RETURN(spec.staging, storage::normalize_uri(staging_));
    }
    EC_ASSIGN_OR_RETURN(auto status, backfill::read_status(stores, spec));
    status.next = session().words(status.next);
    report_.print(status);
    return kExitOk;
  }

 private:
  TableFlags table_;
  std::string staging_;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<StatusCommand>(); }

}  // namespace earthcatalog::cli
