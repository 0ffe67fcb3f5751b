#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "earthcatalog/backfill/phase.h"
#include "earthcatalog/cli/commands.h"
#include "earthcatalog/cli/options.h"
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
    app_->add_option("--spec", spec_, "JSON file, or - for standard input (docs/phase.md)")->required();
    app_->add_option("--config", config_, "YAML file; its section storage counts");
    s3_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto config, load_config(config_));
    EC_ASSIGN_OR_RETURN(const auto spec, read_spec(spec_));
    storage::Stores stores(merge_storage(s3_, config, process_environment));
    EC_ASSIGN_OR_RETURN(const auto report, backfill::run_phase(stores, name_, spec, {.stop = &stop_requested()}));
    fmt::print("{}\n", report);
    return kExitOk;
  }

 private:
  std::string name_, spec_, config_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_phase() { return std::make_unique<PhaseCommand>(); }

}  // namespace earthcatalog::cli
