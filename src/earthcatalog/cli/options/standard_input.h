// An inventory that comes through a pipe: `--inventory -`.
#pragma once

#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// `inventory`; for "-" the path of a file that holds all of standard input. It has no name in the file system, and is
/// there as long as the process: an inventory is read more than once. Its format is told by its first bytes.
/// kInvalidArgument when standard input is a terminal; kIOError when it cannot be read or /var/tmp is full.
Result<std::string> inventory_path(const std::string& inventory);

}  // namespace earthcatalog::cli
