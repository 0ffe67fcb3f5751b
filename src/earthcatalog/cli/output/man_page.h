// Man pages, made from the option tables.
#pragma once

#include <string>

#include "earthcatalog/cli/output/option_table.h"

namespace earthcatalog::cli {

/// The page of section 1 of `command`, in the macros of man(7). `name` is the page's: "earthcatalog-index-build".
std::string man_page(const CommandEntry& command, const std::string& name, const std::string& version);

}  // namespace earthcatalog::cli
