// One command of the program. Parsing and running are separate: setup() only declares options, run() works.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "earthcatalog/cli/output/run_report.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

enum ExitCode : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitInterrupted = 130 };

class Command {
 public:
  virtual ~Command() = default;
  /// Declares the command and its options. Opens nothing.
  virtual void setup(CLI::App& app) = 0;
  /// True after parsing when the user asked for this command.
  bool chosen() const { return app_ != nullptr && app_->parsed(); }
  /// run(), then its error to stderr in `words`, and its report. Returns the exit code of the process.
  int execute(const std::function<std::string(const Error&)>& words);

 protected:
  /// Does the work; data to stdout, all else to stderr. An exit code, or an error: kInvalidArgument is exit code 2,
  /// kCancelled 130, any other 1.
  virtual Result<int> run() = 0;

  CLI::App* app_ = nullptr;  ///< owned by the parent given to setup()
  RunReport report_;
};

/// All commands, in the order of --help.
std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace earthcatalog::cli
