#include "earthcatalog/cli/output/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string_view>

namespace earthcatalog::cli {
namespace {

// A backslash begins an escape, a dash without one is a hyphen, and a dot or quote at the beginning of a line a
// request.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void append_option(std::string& page, const OptionEntry& option) {
  auto out = std::back_inserter(page);
  const auto names =
      option.names | std::views::transform([](const auto& name) { return "\\fB" + roff(name) + "\\fR"; });
  fmt::format_to(out, ".TP\n{}", fmt::join(names, ", "));
  if (!option.value.empty()) fmt::format_to(out, " \\fI{}\\fR", roff(option.value));
  fmt::format_to(out, "\n{}\n", roff(option.description));
  if (!option.choices.empty())
    fmt::format_to(out, "One of: {}.\n", roff(fmt::format("{}", fmt::join(option.choices, ", "))));
  if (!option.default_value.empty()) fmt::format_to(out, "Default: {}.\n", roff(option.default_value));
}

}  // namespace

std::string man_page(const CommandEntry& command, const std::string& name, const std::string& version) {
  std::string page = fmt::format(".TH \"{}\" 1 \"\" \"earthcatalog {}\"\n.SH NAME\n{} \\- {}\n", roff(name), version,
                                 roff(name), roff(command.description));
  auto out = std::back_inserter(page);
  auto words = name;
  std::ranges::replace(words, '-', ' ');
  fmt::format_to(out, ".SH SYNOPSIS\n\\fB{}\\fR{} [\\fIOPTIONS\\fR]\n", roff(words),
                 command.commands.empty() ? "" : " \\fICOMMAND\\fR");
  std::string group;
  for (const auto& option : command.options) {
    if (option.group != group) {
      group = option.group;
      fmt::format_to(out, ".SH \"{}\"\n", roff(group));
    }
    append_option(page, option);
  }
  if (!command.commands.empty()) page += ".SH COMMANDS\n";
  for (const auto& below : command.commands) {
    fmt::format_to(out, ".TP\n\\fB{}\\fR(1)\n{}\n", roff(name + "-" + below.name), roff(below.description));
  }
  page += ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl\\-C.\n";
  return page;
}

}  // namespace earthcatalog::cli
