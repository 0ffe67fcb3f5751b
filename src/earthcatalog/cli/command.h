// One command of the program. Parsing and running are separate: setup() only declares options, run() works.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "earthcatalog/cli/output/run_report.h"
#include "earthcatalog/cli/session.h"
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
  /// run(), then `session` gets its error and its report. Returns the exit code of the process.
  int execute(Session& session);

 protected:
  /// Does the work; data to stdout, all else to stderr. An exit code, or an error: kInvalidArgument is exit code 2,
  /// kCancelled 130, any other 1.
  virtual Result<int> run() = 0;
  /// Of the execute() that calls run().
  Session& session() const { return *session_; }

  CLI::App* app_ = nullptr;  ///< owned by the parent given to setup()
  RunReport report_;

 private:
  Session* session_ = nullptr;
};

/// All commands, in the order of --help.
std::vector<std::unique_ptr<Command>> make_commands();
/// What can be called besides them (calls/call.h): answers that are of use to programs alone.
std::vector<std::unique_ptr<Command>> make_calls();

}  // namespace earthcatalog::cli
