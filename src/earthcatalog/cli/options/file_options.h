// Options and places as the configuration file says them.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "earthcatalog/config/config_file.h"

namespace earthcatalog::cli {

/// Returns the options of each command of `app`: the keys that a file may have.
config::OptionNames option_names(const CLI::App& app);

/// Returns a place that the file in `folder` names: a relative path begins there.
std::string below(const std::filesystem::path& folder, const std::string& path);

}  // namespace earthcatalog::cli
