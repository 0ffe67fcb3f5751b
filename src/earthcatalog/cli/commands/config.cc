#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/calls.h"
#include "earthcatalog/cli/options/file_options.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/config/config_file.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

enum class Kind : std::uint8_t { kText, kPath, kNumber, kFlag };

struct Member {
  const char *section, *name, *option;
  Kind kind;
};

// The members of the Python package's AppConfig.
constexpr Member kMembers[] = {
    {"catalog", "db_path", "catalog", Kind::kPath},
    {"catalog", "warehouse", "warehouse", Kind::kPath},
    {"grid", "type", "grid", Kind::kText},
    {"grid", "resolution", "h3-resolution", Kind::kNumber},
    {"grid", "boundaries_path", "boundaries", Kind::kPath},
    {"grid", "id_field", "id-field", Kind::kText},
    {"ingest", "chunk_size", "chunk-size", Kind::kNumber},
    {"ingest", "max_workers", "workers", Kind::kNumber},
    {"ingest", "batch_add_files", "batch-add-files", Kind::kFlag},
};

// What the file says to `incremental`.
const config::FileValue* find(const config::ConfigFile& file, const std::string& option) {
  if (const auto own = file.commands.find("incremental"); own != file.commands.end()) {
    if (const auto found = own->second.find(option); found != own->second.end()) return &found->second;
  }
  const auto found = file.general.find(option);
  return found == file.general.end() ? nullptr : &found->second;
}

Result<ordered_json> json_of(const config::ConfigFile& file, const config::FileValue& value, Kind kind) {
  const auto& text = value.values.front();
  if (kind == Kind::kText) return ordered_json(text);
  if (kind == Kind::kPath) return ordered_json(below(std::filesystem::path(file.name).parent_path(), text));
  if (kind == Kind::kFlag && (text == "true" || text == "false")) return ordered_json(text == "true");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (kind == Kind::kNumber && error == std::errc{} && end == text.data() + text.size()) return ordered_json(number);
  return fail(ErrorKind::kInvalidArgument, "{}: line {}: '{}' is no {}", file.name, value.line, text,
              kind == Kind::kFlag ? "true or false" : "whole number");
}

template <class T>
void set(ordered_json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

ordered_json json_of(const storage::S3Settings& s3) {
  auto json = ordered_json::object();
  set(json, "endpoint", s3.endpoint);
  set(json, "region", s3.region);
  set(json, "profile", s3.profile);
  set(json, "access_key", s3.access_key);
  set(json, "secret_key", s3.secret_key);
  set(json, "session_token", s3.session_token);
  set(json, "anonymous", s3.anonymous);
  set(json, "request_payer", s3.request_payer);
  if (s3.path_style) json["path_style"] = *s3.path_style == storage::PathStyle::kPath;
  return json;
}

Result<ordered_json> json_of_storage(const config::ConfigFile& file) {
  EC_ASSIGN_OR_RETURN(const auto settings, config::parse_storage(file.storage, file.name));
  auto json = json_of(settings.s3);
  set(json, "ca_bundle", settings.ca_bundle);
  for (const auto& [name, bucket] : settings.buckets) json["buckets"][name] = json_of(bucket);
  return json;
}

class Config final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("config", "what a configuration file says of catalog, grid, ingest and storage");
    as_path(app_->add_option("--path", path_, "the file"))->required();
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto file, config::load_config(path_, option_names(*app_->get_parent())));
    ordered_json json{
        {"catalog", ordered_json::object()}, {"grid", ordered_json::object()}, {"ingest", ordered_json::object()}};
    for (const auto& [section, name, option, kind] : kMembers) {
      const auto* value = find(file, option);
      if (value == nullptr || value->values.empty()) continue;
      EC_ASSIGN_OR_RETURN(json[section][name], json_of(file, *value, kind));
    }
    EC_ASSIGN_OR_RETURN(json["storage"], json_of_storage(file));
    report_.record_json(json.dump());
    return kExitOk;
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Command> make_config() { return std::make_unique<Config>(); }

}  // namespace earthcatalog::cli
