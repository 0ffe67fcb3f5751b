#include "earthcatalog/cli/options/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "earthcatalog/cli/options/file_options.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/config/config_file.h"
#include "earthcatalog/config/nearest.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::cli {
namespace {

constexpr std::string_view kPrefix = "EARTHCATALOG_";
// Names of the project's own build and tests.
constexpr std::array<std::string_view, 4> kOfTheBuild = {"EARTHCATALOG_SOAK", "EARTHCATALOG_DEPS",
                                                         "EARTHCATALOG_BINARY", "EARTHCATALOG_UPDATE_GOLDEN"};
constexpr const char* kPathType = "PATH";

std::string variable_of(const std::string& option) {
  std::string name(kPrefix);
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands(std::function<bool(const CLI::App*)>());
}

// Options that have names, but for --help and those that help does not show.
std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  std::vector<const CLI::Option*> options;
  for (const auto* option : command.get_options()) {
    if (option->nonpositional() && !option->get_lnames().empty() && !option->get_group().empty() &&
        option != command.get_help_ptr()) {
      options.push_back(option);
    }
  }
  return options;
}

std::string name_of(const CLI::Option& option) { return option.get_lnames().front(); }
bool is_path(const CLI::Option& option) { return option.get_type_name().starts_with(kPathType); }

void add_names(const CLI::App& command, std::set<std::string>& names) {
  for (const auto* option : options_of(command)) names.insert(name_of(*option));
  for (const auto* below : commands_of(command)) add_names(*below, names);
}

std::string expand_home(std::string& value) {
  if (value != "~" && !value.starts_with("~/")) return {};
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return fmt::format("{}: HOME is not set", value);
  value.replace(0, 1, home);
  return {};
}

// A file URI becomes the path that it names: below the command line nothing is decoded.
std::string to_place(std::string& value) {
  auto path = storage::decode_file_uri(value);
  if (!path) return path.error().message;
  value = std::move(*path);
  return expand_home(value);
}

}  // namespace

config::OptionNames option_names(const CLI::App& app) {
  config::OptionNames names;
  for (const auto* command : commands_of(app)) add_names(*command, names[command->get_name()]);
  return names;
}

std::string below(const std::filesystem::path& folder, const std::string& path) {
  const bool complete = path.empty() || path == "-" || path.starts_with('/') || path.starts_with('~') ||
                        path.starts_with("file:") || path.find("://") != path.npos;
  return complete ? path : (folder / path).lexically_normal().string();
}

Variables earthcatalog_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos || equals + 1 == text.size()) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

CLI::Option* as_path(CLI::Option* option) {
  return option->type_name(kPathType)->transform(CLI::Validator(to_place, ""));
}

// Fills one Settings; lives for one call of collect().
class Settings::Collector {
 public:
  Collector(const CLI::App& app, const Variables& variables) : app_(app), variables_(variables) {}

  Result<Settings> collect(std::vector<std::string> arguments) {
    settings_.arguments_ = std::move(arguments);
    EC_TRY(choose_command());
    if (command_ == &app_ || !commands_of(*command_).empty()) return std::move(settings_);
    EC_TRY(look_at_flags());
    if (given_.contains("help")) return std::move(settings_);
    warn_of_variables();
    EC_TRY(read_file());
    for (const auto* option : options_of(*command_)) EC_TRY(complete(*option));
    const auto begin = settings_.arguments_.begin() + static_cast<std::ptrdiff_t>(words_);
    settings_.arguments_.insert(begin, added_.begin(), added_.end());
    return std::move(settings_);
  }

 private:
  // The command is the leading words, as in `index build`.
  Status choose_command() {
    const auto& words = settings_.arguments_;
    while (words_ < words.size() && !words[words_].starts_with('-')) {
      std::vector<std::string> names;
      for (const auto* command : commands_of(*command_)) names.push_back(command->get_name());
      if (names.empty()) return {};
      const auto next = std::ranges::find(names, words[words_]);
      if (next == names.end()) {
        return fail(ErrorKind::kInvalidArgument, "{} has no command '{}'{} (commands: {})", command_->get_name(),
                    words[words_], config::did_you_mean(words[words_], names), fmt::join(names, ", "));
      }
      command_ = commands_of(*command_)[static_cast<std::size_t>(next - names.begin())];
      ++words_;
    }
    return {};
  }

  // `--sortby -datetime,id` is --sortby=-datetime,id: such a value would be taken for an option.
  void join_value(const CLI::Option& option, std::size_t at) {
    auto& words = settings_.arguments_;
    if (option.get_items_expected_max() == 0 || words[at].contains('=') || at + 1 == words.size()) return;
    const auto& value = words[at + 1];
    if (value.size() <= 2 || value[0] != '-' || value[1] == '-') return;
    words[at] += "=" + value;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }

  Status look_at_flags() {
    const auto& words = settings_.arguments_;
    for (std::size_t i = words_; i < words.size(); ++i) {
      const std::string word = words[i];
      if (word == "--") break;
      if (!word.starts_with('-') || word.size() < 2 || std::isdigit(static_cast<unsigned char>(word[1])) != 0) continue;
      const auto flag = word.substr(0, word.find('='));
      const auto* option = command_->get_option_no_throw(flag);
      if (option == nullptr) return unknown_option(flag);
      join_value(*option, i);
      for (const auto& name : option->get_lnames()) given_.insert(name);
      if (flag != "--config") continue;
      if (flag.size() < word.size()) config_path_ = word.substr(flag.size() + 1);
      if (flag.size() == word.size() && i + 1 < words.size()) config_path_ = words[i + 1];
    }
    return {};
  }

  Status unknown_option(const std::string& flag) const {
    std::vector<std::string> flags;
    for (const auto* option : options_of(*command_)) flags.push_back("--" + name_of(*option));
    const auto typed = flag.starts_with("--") ? flag : "-" + flag;
    return fail(ErrorKind::kInvalidArgument, "{} has no option {}{}", command_->get_name(), flag,
                config::did_you_mean(typed, flags));
  }

  void warn_of_variables() {
    std::set<std::string> known(kOfTheBuild.begin(), kOfTheBuild.end());
    for (const auto& [command, options] : option_names(app_)) {
      for (const auto& option : options) known.insert(variable_of(option));
    }
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [name, value] : variables_) {
      if (known.contains(name)) continue;
      settings_.notes_.push_back(
          fmt::format("no option reads {} of the environment{}", name, config::did_you_mean(name, names)));
    }
  }

  Status read_file() {
    if (command_->get_option_no_throw("--config") == nullptr) return {};
    if (!config_path_) config_path_ = variable("config");
    if (!config_path_ && std::filesystem::exists(kDefaultConfig)) {
      config_path_ = kDefaultConfig;
      settings_.notes_.push_back(fmt::format("configuration from ./{}", kDefaultConfig));
    }
    if (!config_path_ || config_path_->empty()) return {};
    expand_home(*config_path_);
    EC_ASSIGN_OR_RETURN(file_, config::load_config(*config_path_, option_names(app_)));
    if (!file_.storage.empty()) added_.push_back(fmt::format("--{}={}", kStorageSectionOption, file_.storage));
    return {};
  }

  Status complete(const CLI::Option& option) {
    const auto name = name_of(option);
    if (given_.contains(name) || name == "config") return {};
    if (auto value = variable(name)) {
      if (value->find("${") != value->npos) {
        return fail(ErrorKind::kInvalidArgument, "{}: '{}': variables are not replaced; write the value itself",
                    variable_of(name), *value);
      }
      add(name, *value, variable_of(name));
      return {};
    }
    const auto* from_file = in_file(name);
    if (from_file == nullptr) return {};
    const auto place = fmt::format("{}, line {}", file_.name, from_file->line);
    if (from_file->values.size() != 1 && option.get_expected_max() <= 1) {
      return fail(ErrorKind::kInvalidArgument, "{}: --{} takes one value, not a list", place, name);
    }
    const auto folder = std::filesystem::path(file_.name).parent_path();
    for (const auto& value : from_file->values) add(name, is_path(option) ? below(folder, value) : value, place);
    return {};
  }

  std::optional<std::string> variable(const std::string& option) const {
    const auto found = variables_.find(variable_of(option));
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  }

  const config::FileValue* in_file(const std::string& option) const {
    const CLI::App* top = command_;
    while (top->get_parent() != nullptr && top->get_parent() != &app_) top = top->get_parent();
    if (const auto own = file_.commands.find(top->get_name()); own != file_.commands.end()) {
      if (const auto found = own->second.find(option); found != own->second.end()) return &found->second;
    }
    const auto found = file_.general.find(option);
    return found == file_.general.end() ? nullptr : &found->second;
  }

  void add(const std::string& option, const std::string& value, const std::string& source) {
    if (value.empty()) return;
    added_.push_back(fmt::format("--{}={}", option, value));
    settings_.sources_["--" + option] = source;
  }

  const CLI::App& app_;
  const Variables& variables_;
  const CLI::App* command_ = &app_;
  std::size_t words_ = 0;           // of the command's name
  std::set<std::string> given_;     // options that were typed
  std::vector<std::string> added_;  // the arguments that stand for environment and file
  std::optional<std::string> config_path_;
  config::ConfigFile file_;
  Settings settings_;
};

Result<Settings> Settings::collect(const CLI::App& app, std::vector<std::string> arguments,
                                   const Variables& variables) {
  return Collector(app, variables).collect(std::move(arguments));
}

std::string Settings::with_sources(std::string message) const {
  const auto goes_on = [](char c) { return c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  std::string sources;
  for (const auto& [flag, source] : sources_) {
    const auto at = message.find(flag);
    if (at == message.npos) continue;
    const auto end = at + flag.size();
    if (end < message.size() && goes_on(message[end])) continue;
    sources += fmt::format(" ({} is from {})", flag, source);
  }
  return message + sources;
}

}  // namespace earthcatalog::cli
