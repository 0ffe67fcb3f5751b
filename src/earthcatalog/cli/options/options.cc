#include "earthcatalog/cli/options/options.h"

#include <charconv>
#include <cstdlib>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
void S3Flags::add(CLI::App& app) {
  as_path(app.add_option(
      "--config", config_,
      fmt::format("YAML file whose keys are options (default: ./{}, when it is there)", Settings::kDefaultConfig)));
  const std::string group = "S3";
  app.add_option("--endpoint", endpoint, "S3 endpoint URL, e.g. http://127.0.0.1:8333 (default: AWS)")->group(group);
  app.add_option("--region", region, "AWS region of the buckets (default: asked from the bucket)")->group(group);
  app.add_option("--profile", profile, "profile of the shared AWS configuration files")->group(group);
  // A flag's count is negative for "=false".
  app.add_flag_function(
         "--anonymous", [this](std::int64_t n) { anonymous = n > 0; }, "never sign requests")
      ->group(group);
  app.add_flag_function(
         "--request-payer", [this](std::int64_t n) { request_payer = n > 0; },
         "accept the costs of requester-pays buckets")
      ->group(group);
  app.add_option(fmt::format("--{}", kStorageSectionOption), section)->group("");
  app.add_option("--io-concurrency", io_concurrency,
                 "most reads and writes of the table's files at once on object stores (default: 64)")
      ->check(CLI::Range(1, 1024))
      ->group(group);
}

Result<storage::StorageSettings> S3Flags::settings(Session& session) const {
  EC_ASSIGN_OR_RETURN(auto settings, config::storage_settings(*this, process_environment));
  settings.event = session.listener();
  return settings;
}

void FormatFlag::add(CLI::App& app) {
  app.add_option("--format", format, "how the result is printed on stdout: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](std::string& text) -> std::string {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc::result_out_of_range) return fmt::format("{} is too large", text);
    if (error != std::errc{} || rest != end) return fmt::format("'{}' is no whole number", text);
    return number < least ? fmt::format("{} is less than {}", text, least) : std::string();
  };
  return CLI::Validator(check, "");
}

Result<ingest::MissingRule> parse_missing(const std::string& text) {
  ingest::MissingRule rule;
  if (text.empty()) return rule;
  if (text.find('%') != text.npos) {
    EC_ASSIGN_OR_RETURN(rule.most_share, config::parse_share(text));
    return rule;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rule.most.emplace());
  if (error == std::errc{} && end == text.data() + text.size() && *rule.most >= 0) return rule;
  return fail(ErrorKind::kInvalidArgument, "'{}' is neither a number of objects (100) nor a share (1%)", text);
}

std::string default_memory_limit() { return fmt::format("{}MiB", kDefaultMemoryBytes >> 20); }

}  // namespace earthcatalog::cli
