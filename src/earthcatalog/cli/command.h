// One command of the program. Parsing and running are separate: setup() only declares options, run() works.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

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
  /// Does the work; data to stdout, all else to stderr. An exit code, or the error that main() prints.
  virtual Result<int> run() = 0;

 protected:
  CLI::App* app_ = nullptr;  ///< owned by the parent given to setup()
};

/// All commands, in the order of --help.
std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace earthcatalog::cli
