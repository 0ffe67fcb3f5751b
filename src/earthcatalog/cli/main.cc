// earthcatalog: see README.md and docs/.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/flag_words.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/storage/credentials.h"
#include "earthcatalog/version.h"

namespace {

using namespace earthcatalog;

int report(const Error& error) {
  fmt::print(stderr, "earthcatalog: {}\n", cli::in_flags(error.message));
  return error.kind == ErrorKind::kInvalidArgument ? cli::kExitUsage : cli::kExitFailed;
}

int run(int argc, char** argv) {
  CLI::App app{"From a bucket of STAC items to an Apache Iceberg table of GeoParquet files", "earthcatalog"};
  app.set_version_flag("--version", std::string("earthcatalog ") + kVersion);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.");
  const auto commands = cli::make_commands();
  int code = cli::kExitOk;
  for (const auto& command : commands) command->setup(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error, std::cerr, std::cerr);
    return cli::kExitUsage;
  }
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    const auto result = command->run();
    code = result ? *result : report(result.error());
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const cli::Runtime runtime;
  const storage::S3Runtime s3_runtime;
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "earthcatalog: unexpected: {}\n", error.what());
    return cli::kExitFailed;
  }
}
