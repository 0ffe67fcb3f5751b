#include "earthcatalog/cli/command.h"

#include <fmt/format.h>

#include <exception>

#include "earthcatalog/base/stopwatch.h"

namespace earthcatalog::cli {
namespace {

// The whole name: "index check".
std::string name_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app.get_name() : app.get_name() + " " + name_of(*chosen.front());
}

}  // namespace

int Command::execute(Session& session) {
  session_ = &session;
  const Stopwatch time;
  Result<int> result = kExitOk;
  try {
    result = run();
  } catch (const std::exception& error) {
    result = fail(ErrorKind::kIOError, "unexpected: {}", error.what());
  }
  RunReport::Outcome outcome{.command = name_of(*app_), .exit_code = kExitOk, .error = {}};
  if (result) {
    outcome.exit_code = *result;
  } else {
    outcome.exit_code = exit_code_of(result.error());
    outcome.error = session.tell(result.error());
  }
  if (const auto tell = session.listener()) {
    tell({.name = "ended",
          .message = fmt::format("{}, exit code {}, {:.1f} s", outcome.command, outcome.exit_code, time.seconds()),
          .fields = {{"command", outcome.command},
                     {"exit_code", std::int64_t{outcome.exit_code}},
                     {"seconds", time.seconds()}}});
  }
  return report_.finish(outcome, session);
}

}  // namespace earthcatalog::cli
