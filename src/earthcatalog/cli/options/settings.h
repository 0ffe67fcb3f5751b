// Where the values of options come from: the flag, else EARTHCATALOG_<OPTION> in the environment, else the
// configuration file, else the default. One mechanism for every option of every command: what environment and file say
// becomes arguments, as if it had been typed.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// Variables of the environment, by name.
using Variables = std::map<std::string, std::string>;

/// Those whose names begin with EARTHCATALOG_ and that are not empty.
Variables earthcatalog_variables();

/// Marks an option whose value is a path or URI: "~" stands for the home folder, a file URI for the path that it names,
/// its %XX decoded, and a relative path in the configuration file begins at the file's folder.
CLI::Option* as_path(CLI::Option* option);

class Settings {
 public:
  /// The file that is taken when neither flag nor variable names one, and it exists.
  static constexpr const char* kDefaultConfig = "earthcatalog.yaml";

  /// Completes the arguments that follow the program's name. kInvalidArgument: a command or option that there is not,
  /// with the nearest name; a configuration file that cannot be read or makes no sense.
  static Result<Settings> collect(const CLI::App& app, std::vector<std::string> arguments, const Variables& variables);

  /// What to parse.
  const std::vector<std::string>& arguments() const { return arguments_; }
  /// What the user should know, a sentence each: a file that was found, a variable that nothing reads.
  const std::vector<std::string>& notes() const { return notes_; }
  /// `message` with the place of each option in it whose value was not typed: "(--limit is from c.yaml, line 3)".
  std::string with_sources(std::string message) const;

 private:
  class Collector;
  std::vector<std::string> arguments_, notes_;
  std::map<std::string, std::string> sources_;  ///< by flag
};

}  // namespace earthcatalog::cli
