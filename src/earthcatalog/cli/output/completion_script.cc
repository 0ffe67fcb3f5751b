#include "earthcatalog/cli/output/completion_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <iterator>
#include <ranges>
#include <string_view>

namespace earthcatalog::cli {
namespace {

// For single quotes of a POSIX shell.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

bool is_positional(const OptionEntry& option) { return !option.names.front().starts_with('-'); }

// Calls `visit` with each command and the words that lead to it: "", "index", "index build".
void walk(const CommandEntry& command, const std::string& path,
          const std::function<void(const std::string&, const CommandEntry&)>& visit) {
  visit(path, command);
  for (const auto& below : command.commands) walk(below, path.empty() ? below.name : path + " " + below.name, visit);
}

std::vector<std::string> words_of(const CommandEntry& command) {
  std::vector<std::string> words;
  for (const auto& below : command.commands) words.push_back(below.name);
  for (const auto& option : command.options) {
    if (!is_positional(option)) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

// In brackets and after colons zsh's _arguments reads its own syntax.
std::string zsh_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_argument(const OptionEntry& option, const std::string& name) {
  std::string text = is_positional(option) ? "*" : fmt::format("{}[{}]", name, zsh_text(option.description));
  if (option.value.empty()) return shell_word(text);
  text += fmt::format(":{}:", zsh_text(option.value));
  text += option.choices.empty() ? "_files" : fmt::format("({})", fmt::join(option.choices, " "));
  return shell_word(text);
}

void append_zsh(std::string& script, const std::string& path, const CommandEntry& command) {
  auto out = std::back_inserter(script);
  fmt::format_to(out, "    {})\n", shell_word(path));
  if (!command.commands.empty()) {
    script += "      local -a commands=(\n";
    for (const auto& below : command.commands) {
      fmt::format_to(out, "        {}\n", shell_word(below.name + ":" + zsh_text(below.description)));
    }
    script += "      )\n      [[ $PREFIX == -* ]] || _describe command commands\n";
  }
  script += "      _arguments -S";
  for (const auto& option : command.options) {
    for (const auto& name : option.names) fmt::format_to(out, " \\\n        {}", zsh_argument(option, name));
  }
  script += "\n      ;;\n";
}

}  // namespace

std::string bash_completion(const CommandEntry& program) {
  std::string words, values, paths;
  walk(program, "", [&](const std::string& path, const CommandEntry& command) {
    fmt::format_to(std::back_inserter(words), "    {}) words={} ;;\n", shell_word(path),
                   shell_word(fmt::format("{}", fmt::join(words_of(command), " "))));
    if (!path.empty()) fmt::format_to(std::back_inserter(paths), "{}{}", paths.empty() ? "" : "|", shell_word(path));
    for (const auto& option : command.options) {
      if (option.value.empty() || is_positional(option)) continue;
      for (const auto& name : option.names) {
        fmt::format_to(std::back_inserter(values), "    {}) values={} ;;\n", shell_word(path + ":" + name),
                       shell_word(fmt::format("{}", fmt::join(option.choices, " "))));
      }
    }
  });
  return fmt::format(R"(# bash completion of {0}: source <({0} completion bash)
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= words= values= word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{command:+$command }}$word" in {1}) command="${{command:+$command }}$word" ;; *) break ;; esac
  done
  values=none
  case "$command:$before" in
{2}  esac
  if [[ $values != none ]]; then
    if [[ -n $values ]]; then COMPREPLY=($(compgen -W "$values" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
    return
  fi
  case "$command" in
{3}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ ${{#COMPREPLY[@]}} -gt 0 || $current == -* ]] || COMPREPLY=($(compgen -f -- "$current"))
}}
complete -o filenames -F _{0} {0}
)",
                     program.name, paths, values, words);
}

std::string zsh_completion(const CommandEntry& program) {
  std::string paths, cases;
  walk(program, "", [&](const std::string& path, const CommandEntry& command) {
    if (!path.empty()) fmt::format_to(std::back_inserter(paths), "{}{}", paths.empty() ? "" : "|", shell_word(path));
    append_zsh(cases, path, command);
  });
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}: {0} completion zsh > "${{fpath[1]}}/_{0}"
_{0}() {{
  local command= word
  for word in "${{words[@]:1:$((CURRENT - 2))}}"; do
    case "${{command:+$command }}$word" in
      {1}) command="${{command:+$command }}$word" ;;
      *) break ;;
    esac
  done
  case "$command" in
{2}  esac
}}
if [[ $funcstack[1] == _{0} ]]; then _{0} "$@"; else compdef _{0} {0}; fi
)",
                     program.name, paths, cases);
}

std::string fish_completion(const CommandEntry& program) {
  std::string script = fmt::format("# fish completion of {0}: {0} completion fish | source\n", program.name);
  auto out = std::back_inserter(script);
  walk(program, "", [&](const std::string& path, const CommandEntry& command) {
    std::string where = "__fish_use_subcommand";
    if (!path.empty()) {
      where.clear();
      for (const auto word : path | std::views::split(' ')) {
        fmt::format_to(std::back_inserter(where), "{}__fish_seen_subcommand_from {}", where.empty() ? "" : "; and ",
                       std::string_view(word.begin(), word.end()));
      }
    }
    for (const auto& below : command.commands) {
      fmt::format_to(out, "complete -c {} -n {} -f -a {} -d {}\n", program.name, shell_word(where), below.name,
                     shell_word(below.description));
    }
    for (const auto& option : command.options) {
      if (is_positional(option)) continue;
      fmt::format_to(out, "complete -c {} -n {}", program.name, shell_word(where));
      for (const auto& name : option.names) {
        const bool is_long = name.starts_with("--");
        fmt::format_to(out, " {} {}", is_long ? "-l" : "-s", name.substr(is_long ? 2 : 1));
      }
      if (!option.value.empty()) script += " -r";
      if (!option.choices.empty())
        fmt::format_to(out, " -f -a {}", shell_word(fmt::format("{}", fmt::join(option.choices, " "))));
      fmt::format_to(out, " -d {}\n", shell_word(option.description));
    }
  });
  return script;
}

}  // namespace earthcatalog::cli
