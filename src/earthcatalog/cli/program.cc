#include "earthcatalog/cli/program.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/log.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/output/progress_line.h"
#include "earthcatalog/version.h"

namespace earthcatalog::cli {
namespace {

class Terminal final : public Session {
 public:
  Terminal(const Settings& settings, Log& log) : settings_(settings), log_(log) {}

  Status watch(const std::function<Status(const Hooks&)>& work) override { return with_progress(log_, work); }
  EventFunction listener() override { return log_.listener(); }
  void note(const std::string& text) override { log_.note(text); }
  std::string words(std::string_view message) const override { return in_flags(message); }
  std::string tell(const Error& error) override {
    auto message = in_flags(error.message);
    // A value that makes no sense may come from elsewhere than the command line.
    if (error.kind == ErrorKind::kInvalidArgument) message = settings_.with_sources(std::move(message));
    log_.error(message);
    return message;
  }
  bool write(std::string_view data) override {
    write_out(data);
    return !output_failed();  // finish_output() tells why
  }
  bool at_terminal() const override { return isatty(STDOUT_FILENO) == 1; }
  void report(std::string_view json) override { RunReport::print_text(json); }

 private:
  const Settings& settings_;
  Log& log_;
};

int wrong_usage(const std::string& message) {
  print_err("earthcatalog: {}\nRun with --help for more information.\n", message);
  return kExitUsage;
}

// For all commands that open something.
void add_log_options(CLI::App& app, Log& log) {
  if (app.get_option_no_throw("--config") != nullptr) log.add(app);
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) add_log_options(*command, log);
}

int run(int argc, const char* const* argv, Log& log) {
  CLI::App app{"From a bucket of STAC items to an Apache Iceberg table of GeoParquet files", "earthcatalog"};
  app.set_version_flag("--version", std::string("earthcatalog ") + kVersion);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.");
  const auto commands = make_commands();
  for (const auto& command : commands) command->setup(app);
  add_log_options(app, log);

  const auto settings = Settings::collect(app, {argv + 1, argv + argc}, earthcatalog_variables());
  if (!settings) return wrong_usage(in_flags(settings.error().message));
  const auto tell_notes = [&] { std::ranges::for_each(settings->notes(), [&](const auto& note) { log.note(note); }); };
  try {
    auto arguments = settings->arguments();
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::CallForVersion& version) {
    print_out("{}\n", version.what());
    return kExitOk;
  } catch (const CLI::Success&) {
    write_out(app.help());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    tell_notes();
    return wrong_usage(settings->with_sources(error.what()));
  }
  tell_notes();
  int code = kExitOk;
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    Terminal terminal(*settings, log);
    code = command->execute(terminal);
  }
  return code;
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  Log log;
  try {
    const int code = run(argc, argv, log);
    if (const auto output = finish_output(code); !output) {
      log.error(output.error().message);
      return code != kExitOk ? code : kExitFailed;
    }
    return code;
  } catch (const std::exception& error) {
    log.error(fmt::format("unexpected: {}", error.what()));
    return kExitFailed;
  }
}

}  // namespace earthcatalog::cli
