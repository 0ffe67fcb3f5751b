// The commands and their options as data: what completion scripts and man pages are made of.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace earthcatalog::cli {

struct OptionEntry {
  std::vector<std::string> names;    ///< with their dashes: "-h", "--help"; one without dashes is positional
  std::string value;                 ///< "PATH"; empty: the option is a flag
  std::string default_value;         ///< empty: none
  std::vector<std::string> choices;  ///< the only values that it takes; empty: any
  std::string description;
  std::string group;  ///< the heading that it stands under in the help
};

struct CommandEntry {
  std::string name;
  std::string description;
  std::vector<OptionEntry> options;    ///< in the order of the help, without hidden ones
  std::vector<CommandEntry> commands;  ///< "build" and "check" of "index"
};

/// Reads the declarations of `app` and of all below it. Keeps nothing of `app`.
CommandEntry option_table(const CLI::App& app);

}  // namespace earthcatalog::cli
