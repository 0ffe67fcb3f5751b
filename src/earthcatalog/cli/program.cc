#include "earthcatalog/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/output/progress_line.h"
#include "earthcatalog/version.h"

namespace earthcatalog::cli {
namespace {

class Terminal final : public Session {
 public:
  explicit Terminal(const Settings& settings) : settings_(settings) {}

  Status watch(const std::function<Status(const Hooks&)>& work) override { return with_progress(work); }
  void note(const std::string& text) override { print_err("earthcatalog: {}\n", text); }
  std::string words(std::string_view message) const override { return in_flags(message); }
  std::string tell(const Error& error) override {
    auto message = in_flags(error.message);
    // A value that makes no sense may come from elsewhere than the command line.
    if (error.kind == ErrorKind::kInvalidArgument) message = settings_.with_sources(std::move(message));
    note(message);
    return message;
  }
  void report(std::string_view json) override { RunReport::print_text(json); }

 private:
  const Settings& settings_;
};

int wrong_usage(const std::string& message) {
  print_err("earthcatalog: {}\nRun with --help for more information.\n", message);
  return kExitUsage;
}

int run(int argc, const char* const* argv) {
  CLI::App app{"From a bucket of STAC items to an Apache Iceberg table of GeoParquet files", "earthcatalog"};
  app.set_version_flag("--version", std::string("earthcatalog ") + kVersion);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.");
  const auto commands = make_commands();
  for (const auto& command : commands) command->setup(app);

  const auto settings = Settings::collect(app, {argv + 1, argv + argc}, earthcatalog_variables());
  if (!settings) return wrong_usage(in_flags(settings.error().message));
  for (const auto& note : settings->notes()) print_err("earthcatalog: {}\n", note);
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
    return wrong_usage(settings->with_sources(error.what()));
  }
  int code = kExitOk;
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    Terminal terminal(*settings);
    code = command->execute(terminal);
  }
  return code;
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  try {
    const int code = run(argc, argv);
    if (const auto output = finish_output(code); !output) {
      print_err("earthcatalog: {}\n", output.error().message);
      return code != kExitOk ? code : kExitFailed;
    }
    return code;
  } catch (const std::exception& error) {
    print_err("earthcatalog: unexpected: {}\n", error.what());
    return kExitFailed;
  }
}

}  // namespace earthcatalog::cli
