#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/output/completion_script.h"
#include "earthcatalog/cli/output/output.h"

namespace earthcatalog::cli {
namespace {

class CompletionCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("completion", "prints a script that completes this command line in a shell");
    app_->add_option("shell", shell_, "for which shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  Result<int> run() override {
    const auto table = option_table(*app_->get_parent());
    write_out(shell_ == "bash"  ? bash_completion(table)
              : shell_ == "zsh" ? zsh_completion(table)
                                : fish_completion(table));
    return kExitOk;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() { return std::make_unique<CompletionCommand>(); }

}  // namespace earthcatalog::cli
