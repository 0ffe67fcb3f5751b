#include "earthcatalog/cli/commands/commands.h"

#include "earthcatalog/cli/commands/calls.h"

namespace earthcatalog::cli {

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_incremental());
  commands.push_back(make_backfill());
  commands.push_back(make_phase());
  commands.push_back(make_compact());
  commands.push_back(make_inspect());
  commands.push_back(make_info());
  commands.push_back(make_history());
  commands.push_back(make_status());
  commands.push_back(make_cat());
  commands.push_back(make_search());
  commands.push_back(make_files());
  commands.push_back(make_export());
  commands.push_back(make_stats());
  commands.push_back(make_changes());
  commands.push_back(make_audit());
  commands.push_back(make_delta());
  commands.push_back(make_diff());
  commands.push_back(make_index());
  commands.push_back(make_unlock());
  commands.push_back(make_expire());
  commands.push_back(make_register());
  commands.push_back(make_generate());
  commands.push_back(make_completion());
  commands.push_back(make_man());
  return commands;
}

std::vector<std::unique_ptr<Command>> make_calls() {
  std::vector<std::unique_ptr<Command>> calls;
  calls.push_back(make_create_table());
  calls.push_back(make_config());
  return calls;
}

}  // namespace earthcatalog::cli
