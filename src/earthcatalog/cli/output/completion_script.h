// Completion of the command line in bash, zsh and fish, made from the option tables.
#pragma once

#include <string>

#include "earthcatalog/cli/output/option_table.h"

namespace earthcatalog::cli {

/// Each script completes commands, options, the values of options that take only some, and paths for all others.
/// https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
std::string bash_completion(const CommandEntry& program);
/// https://zsh.sourceforge.io/Doc/Release/Completion-System.html
std::string zsh_completion(const CommandEntry& program);
/// https://fishshell.com/docs/current/completions.html
std::string fish_completion(const CommandEntry& program);

}  // namespace earthcatalog::cli
