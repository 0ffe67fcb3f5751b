#include "earthcatalog/backfill/phase.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/runtime.h"

namespace earthcatalog::cli {
namespace {

Result<std::string> read_spec(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::kNotFound, "--spec {}: cannot be read", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class PhaseCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("phase", "one phase of a backfill from its JSON spec; its JSON report on stdout");
    app_->add_option("name", name_, fmt::format("{}", fmt::join(backfill::phase_names(), ", ")))->required();
    as_path(app_->add_option("--spec", spec_, "JSON file, or - for standard input (docs/commands/phase.md)"))
        ->required();
    s3_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto settings, s3_.settings(session()));
    EC_ASSIGN_OR_RETURN(const auto spec, read_spec(spec_));
    storage::Stores stores(settings);
    EC_ASSIGN_OR_RETURN(const auto report, backfill::run_phase(stores, name_, spec, {.stop = &stop_requested()}));
    print_out("{}\n", report);
    return kExitOk;
  }

 private:
  std::string name_, spec_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_phase() { return std::make_unique<PhaseCommand>(); }

}  // namespace earthcatalog::cli
