// The commands, one source file each: <name>.cc; query/ has those that ask for items.
#pragma once

#include <memory>

#include "earthcatalog/cli/command.h"

namespace earthcatalog::cli {

std::unique_ptr<Command> make_incremental();
std::unique_ptr<Command> make_backfill();
std::unique_ptr<Command> make_phase();
std::unique_ptr<Command> make_compact();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_info();
std::unique_ptr<Command> make_history();
std::unique_ptr<Command> make_status();
std::unique_ptr<Command> make_cat();
std::unique_ptr<Command> make_search();
std::unique_ptr<Command> make_files();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_stats();
std::unique_ptr<Command> make_changes();
std::unique_ptr<Command> make_audit();
std::unique_ptr<Command> make_delta();
std::unique_ptr<Command> make_diff();
std::unique_ptr<Command> make_index();
std::unique_ptr<Command> make_unlock();
std::unique_ptr<Command> make_expire();
std::unique_ptr<Command> make_register();
std::unique_ptr<Command> make_generate();
std::unique_ptr<Command> make_completion();
std::unique_ptr<Command> make_man();
std::unique_ptr<Command> make_create_table();

}  // namespace earthcatalog::cli
