#include <filesystem>
#include <fstream>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/output/man_page.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/version.h"

namespace earthcatalog::cli {
namespace {

Status write_pages(const CommandEntry& command, const std::string& name, const std::filesystem::path& folder) {
  const auto path = folder / (name + ".1");
  std::ofstream file(path);
  file << man_page(command, name, kVersion);
  file.close();
  if (!file) return fail(ErrorKind::kIOError, "{} cannot be written", path.string());
  print_out("{}\n", path.string());
  for (const auto& below : command.commands) EC_TRY(write_pages(below, name + "-" + below.name, folder));
  return {};
}

class ManCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("man", "writes a man page of each command into a folder, and prints their paths");
    app_->add_option("folder", folder_, "made when it is not there")->required();
  }

  Result<int> run() override {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) return fail(ErrorKind::kIOError, "{} cannot be made: {}", folder_, error.message());
    EC_TRY(write_pages(option_table(*app_->get_parent()), app_->get_parent()->get_name(), folder_));
    return kExitOk;
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> make_man() { return std::make_unique<ManCommand>(); }

}  // namespace earthcatalog::cli
