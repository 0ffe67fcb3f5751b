// Commands that only programs call (calls/call.h), one source file each: <name>.cc.
#pragma once

#include <memory>

#include "earthcatalog/cli/command.h"

namespace earthcatalog::cli {

std::unique_ptr<Command> make_config();

}  // namespace earthcatalog::cli
