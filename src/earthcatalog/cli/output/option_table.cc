#include "earthcatalog/cli/output/option_table.h"

#include <ranges>
#include <string_view>

namespace earthcatalog::cli {
namespace {

// CLI11 writes the values of CLI::IsMember into the name of the type: "TEXT:{json,text}".
std::vector<std::string> choices_of(std::string_view type) {
  std::vector<std::string> choices;
  const auto begin = type.find('{'), end = type.find('}');
  if (begin == type.npos || end == type.npos) return choices;
  for (const auto choice : type.substr(begin + 1, end - begin - 1) | std::views::split(',')) {
    choices.emplace_back(choice.begin(), choice.end());
  }
  return choices;
}

OptionEntry entry_of(const CLI::Option& option) {
  OptionEntry entry{
      .default_value = option.get_default_str(), .description = option.get_description(), .group = option.get_group()};
  for (const auto& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) entry.names.push_back("--" + name);
  if (entry.names.empty()) entry.names.push_back(option.get_single_name());
  if (option.get_items_expected_max() > 0) {
    const auto type = option.get_type_name();
    entry.value = type.substr(0, type.find(':'));
    entry.choices = choices_of(type);
  }
  return entry;
}

}  // namespace

CommandEntry option_table(const CLI::App& app) {
  CommandEntry entry{.name = app.get_name(), .description = app.get_description(), .options = {}, .commands = {}};
  for (const auto* const option : app.get_options()) {
    if (!option->get_group().empty()) entry.options.push_back(entry_of(*option));
  }
  for (const auto* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) entry.commands.push_back(option_table(*command));
  }
  return entry;
}

}  // namespace earthcatalog::cli
