#include "earthcatalog/config/config_file.h"

#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "earthcatalog/config/nearest.h"
#include "earthcatalog/config/storage_section.h"

namespace earthcatalog::config {
namespace {

// Sections with names of their own for options.
const std::map<std::string, std::map<std::string, std::string>>& sections() {
  static const std::map<std::string, std::map<std::string, std::string>> kSections = {
      {"catalog", {{"db_path", "catalog"}, {"warehouse", "warehouse"}}},
      {"grid",
       {{"type", "grid"},
        {"resolution", "h3-resolution"},
        {"boundaries_path", "boundaries"},
        {"id_field", "id-field"}}},
      {"ingest", {{"chunk_size", "chunk-size"}, {"max_workers", "workers"}, {"batch_add_files", "batch-add-files"}}}};
  return kSections;
}

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

std::string key_of(const std::string& option) {
  std::string key = option;
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string option_of(const std::string& key) {
  std::string option = key;
  std::ranges::replace(option, '_', '-');
  return option;
}

bool is_list(const YAML::Node& node) {
  return node.IsSequence() && std::ranges::all_of(node, [](const YAML::Node& element) { return element.IsScalar(); });
}

class Reader {
 public:
  Reader(const std::string& name, const OptionNames& options) : options_(options) {
    file_.name = name;
    for (const auto& [command, names] : options) all_.insert(names.begin(), names.end());
  }

  Result<ConfigFile> read(const YAML::Node& document) {
    if (document.IsNull()) return std::move(file_);
    if (!document.IsMap()) return fail(ErrorKind::kInvalidArgument, "{}: expected a mapping of keys", file_.name);
    for (const auto& entry : document) EC_TRY(top_level(entry.first, entry.second));
    return std::move(file_);
  }

 private:
  Status top_level(const YAML::Node& key_node, const YAML::Node& value) {
    const auto key = key_node.as<std::string>();
    if (key == "storage") {
      // First: what passes is a tree of few levels. YAML may hold cycles.
      EC_TRY(parse_storage_section(value, file_.name));
      EC_TRY(refuse_variables(value));
      file_.storage = YAML::Dump(value);
      return {};
    }
    // `catalog`, `grid` and `delta` are options too: their values tell.
    const bool is_option = all_.contains(option_of(key));
    if (is_option && !value.IsMap() && !value.IsNull()) return add(file_.general, option_of(key), key_node, value);
    const auto section = sections().find(key);
    if (section != sections().end()) {
      return read_section(key, value, [&](const std::string& name) {
        const auto found = section->second.find(name);
        return found == section->second.end() ? std::string() : found->second;
      });
    }
    if (const auto command = options_.find(key); command != options_.end()) {
      return read_section(key, value, [&](const std::string& name) {
        return command->second.contains(option_of(name)) ? option_of(name) : std::string();
      });
    }
    if (is_option) return add(file_.general, option_of(key), key_node, value);
    return unknown(file_.name, key_node, top_level_keys());
  }

  // A mapping whose keys `option` turns into options; empty for those that it does not know.
  template <class Option>
  Status read_section(const std::string& section, const YAML::Node& mapping, Option option) {
    if (mapping.IsNull()) return {};
    if (!mapping.IsMap()) {
      return fail(ErrorKind::kInvalidArgument, "{}: {}: line {}: expected a mapping", file_.name, section,
                  line_of(mapping));
    }
    for (const auto& entry : mapping) {
      const auto name = option(entry.first.as<std::string>());
      if (name.empty()) return unknown(file_.name + ": " + section, entry.first, keys_of(section));
      auto& target = options_.contains(section) ? file_.commands[section] : file_.general;
      EC_TRY(add(target, name, entry.first, entry.second));
    }
    return {};
  }

  Status add(FileValues& target, const std::string& option, const YAML::Node& key, const YAML::Node& value) const {
    FileValue found{.values = {}, .line = line_of(key)};
    if (value.IsNull()) return {};
    if (!value.IsScalar() && !is_list(value)) {
      return fail(ErrorKind::kInvalidArgument, "{}: line {}: '{}' is to have a plain value, or a list of them",
                  file_.name, line_of(value), key.as<std::string>());
    }
    EC_TRY(refuse_variables(value));
    if (value.IsScalar()) found.values.push_back(value.as<std::string>());
    if (value.IsSequence()) found.values = value.as<std::vector<std::string>>();
    const auto [there, is_new] = target.try_emplace(option, std::move(found));
    if (is_new) return {};
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: '{}' is said already in line {}", file_.name, line_of(key),
                key.as<std::string>(), there->second.line);
  }

  // Whoever writes ${HOME} expects another value than these seven letters.
  Status refuse_variables(const YAML::Node& node) const {
    if (node.IsScalar() && node.Scalar().find("${") != std::string::npos) {
      return fail(ErrorKind::kInvalidArgument, "{}: line {}: '{}': variables are not replaced; write the value itself",
                  file_.name, line_of(node), node.Scalar());
    }
    if (node.IsSequence()) {
      for (const auto& element : node) EC_TRY(refuse_variables(element));
    }
    if (node.IsMap()) {
      for (const auto& entry : node) EC_TRY(refuse_variables(entry.second));
    }
    return {};
  }

  static Status unknown(const std::string& where, const YAML::Node& key, const std::vector<std::string>& known) {
    const auto word = key.as<std::string>();
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: unknown key '{}'{}{}", where, line_of(key), word,
                did_you_mean(key_of(word), known),
                known.size() <= 8 ? fmt::format("; known are {}", fmt::join(known, ", ")) : std::string());
  }

  std::vector<std::string> keys_of(const std::string& section) const {
    std::vector<std::string> keys;
    if (const auto found = sections().find(section); found != sections().end()) {
      for (const auto& [key, option] : found->second) keys.push_back(key);
    } else {
      for (const auto& option : options_.at(section)) keys.push_back(key_of(option));
    }
    return keys;
  }

  std::vector<std::string> top_level_keys() const {
    std::vector<std::string> keys = {"storage"};
    for (const auto& [section, names] : sections()) keys.push_back(section);
    for (const auto& [command, names] : options_) keys.push_back(command);
    for (const auto& option : all_) keys.push_back(key_of(option));
    return keys;
  }

  const OptionNames& options_;
  std::set<std::string> all_;
  ConfigFile file_;
};

}  // namespace

Result<ConfigFile> parse_config(const std::string& yaml, const std::string& name, const OptionNames& options) {
  try {
    return Reader(name, options).read(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: {}", name, error.mark.line + 1, error.msg);
  }
}

Result<ConfigFile> load_config(const std::string& path, const OptionNames& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(ErrorKind::kInvalidArgument, "`config` {}: it is a folder; give the YAML file", path);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::kInvalidArgument, "`config` {}: cannot be read", path);
  return parse_config(std::string{std::istreambuf_iterator<char>(file), {}}, path, options);
}

Result<storage::StorageSettings> parse_storage(const std::string& yaml, const std::string& where) {
  if (yaml.empty()) return storage::StorageSettings();
  try {
    return parse_storage_section(YAML::Load(yaml), where);
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: {}", where, error.mark.line + 1, error.msg);
  }
}

}  // namespace earthcatalog::config
