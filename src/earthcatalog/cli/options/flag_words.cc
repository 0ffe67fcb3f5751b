#include "earthcatalog/cli/options/flag_words.h"

#include <algorithm>

namespace earthcatalog::cli {
namespace {

constexpr std::string_view kBetweenArguments = ", ";

bool is_name(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

std::string flag_of(std::string_view setting) {
  std::string flag = "--" + std::string(setting);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string command_of(std::string_view call, std::size_t parenthesis) {
  std::string command = "earthcatalog " + std::string(call.substr(0, parenthesis));
  std::ranges::replace(command, '.', ' ');
  auto arguments = call.substr(parenthesis + 1, call.size() - parenthesis - 2);
  while (!arguments.empty()) {
    const auto end = std::min(arguments.find(kBetweenArguments), arguments.size());
    const auto argument = arguments.substr(0, end);
    const auto equals = argument.find('=');
    command += ' ' + flag_of(argument.substr(0, equals));
    if (equals != argument.npos) command += ' ' + std::string(argument.substr(equals + 1));
    arguments.remove_prefix(std::min(end + kBetweenArguments.size(), arguments.size()));
  }
  return command;
}

// The words for what stands between two backquotes; nothing when it is neither a setting nor a call.
std::string words_for(std::string_view quoted) {
  const auto parenthesis = quoted.find('(');
  if (!is_name(quoted.substr(0, parenthesis))) return {};
  if (parenthesis == quoted.npos) return flag_of(quoted);
  return quoted.back() == ')' ? command_of(quoted, parenthesis) : std::string();
}

}  // namespace

std::string in_flags(std::string_view message) {
  std::string text;
  while (true) {
    const auto open = message.find('`');
    text += message.substr(0, open);
    if (open == message.npos) return text;
    const auto close = message.find('`', open + 1);
    const auto words = close == message.npos ? std::string() : words_for(message.substr(open + 1, close - open - 1));
    // Without words, the second backquote may be the first of a setting.
    text += words.empty() ? "`" : words;
    message.remove_prefix(words.empty() ? open + 1 : close + 1);
  }
}

std::string in_settings(std::string_view message) {
  const auto of_flag = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  std::string text;
  while (true) {
    const auto dashes = message.find("--");
    text += message.substr(0, dashes);
    if (dashes == message.npos) return text;
    message.remove_prefix(dashes + 2);
    const auto* const end = std::ranges::find_if_not(message, of_flag);
    const std::string flag(message.begin(), end);
    message.remove_prefix(flag.size());
    auto setting = flag;
    std::ranges::replace(setting, '-', '_');
    if (!is_name(setting) || setting.ends_with('_')) {  // no flag: "a -- b", "---"
      text += "--" + flag;
      continue;
    }
    text += '`' + setting + '`';
  }
}

}  // namespace earthcatalog::cli
