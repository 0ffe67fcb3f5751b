// earthcatalog: see README.md and docs/.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/storage/aws/credentials.h"
#include "earthcatalog/version.h"

namespace {

using namespace earthcatalog;

// A value that makes no sense may come from elsewhere than the command line.
std::string words_of(const Error& error, const cli::Settings& settings) {
  const auto message = cli::in_flags(error.message);
  return error.kind == ErrorKind::kInvalidArgument ? settings.with_sources(message) : message;
}

int wrong_usage(const std::string& message) {
  cli::print_err("earthcatalog: {}\nRun with --help for more information.\n", message);
  return cli::kExitUsage;
}

int run(int argc, char** argv) {
  CLI::App app{"From a bucket of STAC items to an Apache Iceberg table of GeoParquet files", "earthcatalog"};
  app.set_version_flag("--version", std::string("earthcatalog ") + kVersion);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.");
  const auto commands = cli::make_commands();
  for (const auto& command : commands) command->setup(app);

  const auto settings = cli::Settings::collect(app, {argv + 1, argv + argc}, cli::earthcatalog_variables());
  if (!settings) return wrong_usage(cli::in_flags(settings.error().message));
  for (const auto& note : settings->notes()) cli::print_err("earthcatalog: {}\n", note);
  try {
    auto arguments = settings->arguments();
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::CallForVersion& version) {
    cli::print_out("{}\n", version.what());
    return cli::kExitOk;
  } catch (const CLI::Success&) {
    cli::write_out(app.help());
    return cli::kExitOk;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(settings->with_sources(error.what()));
  }
  int code = cli::kExitOk;
  for (const auto& command : commands) {
    if (command->chosen()) code = command->execute([&](const Error& error) { return words_of(error, *settings); });
  }
  return code;
}

int run_and_finish(int argc, char** argv) {
  const int code = run(argc, argv);
  if (const auto output = cli::finish_output(code); !output) {
    cli::print_err("earthcatalog: {}\n", output.error().message);
    return code != cli::kExitOk ? code : cli::kExitFailed;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const cli::Runtime runtime;
  const storage::S3Runtime s3_runtime;
  try {
    return run_and_finish(argc, argv);
  } catch (const std::exception& error) {
    cli::print_err("earthcatalog: unexpected: {}\n", error.what());
    return cli::kExitFailed;
  }
}
