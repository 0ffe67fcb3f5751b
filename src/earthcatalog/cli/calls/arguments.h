// From the members of a JSON spec to the arguments of a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// Returns what follows the words of `command` when a spec, one JSON object, is typed: {"dry_run": true, "year": 2020}
/// is --dry-run=true --year=2020. `with_format`: the member `format` may be one. kInvalidArgument: no JSON object; a
/// member that is no option of `command`, with the nearest one; a value that is neither text, number, truth value nor a
/// list of such.
Result<std::vector<std::string>> arguments_of(const CLI::App& command, std::string_view spec, bool with_format = false);

}  // namespace earthcatalog::cli
