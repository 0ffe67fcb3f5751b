#include "earthcatalog/cli/options/options.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/cli/options/config_file.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/storage/aws/aws_files.h"
#include "earthcatalog/storage/http/trust.h"

namespace earthcatalog::cli {
namespace {

template <class T>
void first_of(std::optional<T>& target, std::optional<T> next) {
  if (!target) target = std::move(next);
}

bool is_true(const std::optional<std::string>& text) {
  return text && (*text == "true" || *text == "1" || *text == "yes");
}

// "12.5 MiB" -> 12.5 and "mib".
Result<std::pair<double, std::string>> split_unit(const std::string& text, const char* what) {
  double number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || !(number >= 0) || !std::isfinite(number)) {
    return fail(ErrorKind::kInvalidArgument, "'{}' is no {}", text, what);
  }
  std::string unit;
  for (const char* c = rest; c != end; ++c) {
    if (*c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  }
  return std::pair{number, unit};
}

Result<double> with_unit(const std::string& text, const char* what, const std::map<std::string, double>& units) {
  EC_ASSIGN_OR_RETURN(const auto number_unit, split_unit(text, what));
  const auto unit = units.find(number_unit.second);
  if (unit == units.end())
    return fail(ErrorKind::kInvalidArgument, "'{}' is no {}: unknown unit '{}'", text, what, number_unit.second);
  return number_unit.first * unit->second;
}

std::string read_shared_file(const Environment& environment, const char* variable, std::string_view name_in_home) {
  const auto path = environment(variable).value_or(environment("HOME").value_or("") + std::string(name_in_home));
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What AWS's own files say, for what nothing else says.
void fill_from_aws_files(const Environment& environment, storage::StorageSettings& settings) {
  storage::AwsProfileChoice choice;
  const auto profile = environment("AWS_PROFILE");
  choice.profile = profile ? *profile : environment("AWS_DEFAULT_PROFILE").value_or("default");
  choice.endpoints = !is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
  fill_from_profiles({.credentials = read_shared_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"),
                      .config = read_shared_file(environment, "AWS_CONFIG_FILE", "/.aws/config")},
                     choice, settings);
}

// What a flag says holds for every bucket: the file's sections of single buckets lose what would speak against it.
void let_flags_win(const S3Flags& flags, storage::S3Settings& bucket) {
  if (flags.endpoint) bucket.endpoint.reset();
  if (flags.region) bucket.region.reset();
  if (flags.profile) bucket.profile.reset();
  if (flags.anonymous) bucket.anonymous.reset();
  if (flags.anonymous == true) bucket.profile.reset();  // a bucket's own profile means to sign
  if (flags.request_payer) bucket.request_payer.reset();
}

}  // namespace

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

Result<storage::StorageSettings> storage_settings(const S3Flags& flags, const Environment& environment) {
  EC_ASSIGN_OR_RETURN(auto merged, parse_storage(flags.section, fmt::format("--{}", kStorageSectionOption)));
  storage::S3Settings& s3 = merged.s3;
  if (flags.endpoint) s3.endpoint = flags.endpoint;
  if (flags.region) s3.region = flags.region;
  if (flags.profile) s3.profile = flags.profile;
  if (flags.anonymous) s3.anonymous = flags.anonymous;
  if (flags.request_payer) s3.request_payer = flags.request_payer;
  if (flags.io_concurrency) merged.io_concurrency = *flags.io_concurrency;
  for (auto& [name, bucket] : merged.buckets) let_flags_win(flags, bucket);
  if (!is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    first_of(s3.endpoint, environment("AWS_ENDPOINT_URL_S3"));
    first_of(s3.endpoint, environment("AWS_ENDPOINT_URL"));
  }
  first_of(s3.region, environment("AWS_REGION"));
  first_of(s3.region, environment("AWS_DEFAULT_REGION"));
  // AWS_PROFILE and keys are left to the AWS chain, which knows profiles that assume roles.
  if (!s3.anonymous && is_true(environment("AWS_NO_SIGN_REQUEST"))) s3.anonymous = true;
  if (!s3.request_payer && environment("AWS_REQUEST_PAYER")) s3.request_payer = true;
  merged.ca_bundle = storage::named_bundle(environment);
  if (merged.ca_bundle && !std::ifstream(*merged.ca_bundle)) {  // libcurl would say so without the variables' names
    return fail(ErrorKind::kIOError,
                "the trusted certificates in {} cannot be read: correct AWS_CA_BUNDLE, CURL_CA_BUNDLE or "
                "SSL_CERT_FILE, whichever names that file, or unset it",
                *merged.ca_bundle);
  }
  fill_from_aws_files(environment, merged);
  return merged;
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
    EC_ASSIGN_OR_RETURN(rule.most_share, parse_share(text));
    return rule;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rule.most.emplace());
  if (error == std::errc{} && end == text.data() + text.size() && *rule.most >= 0) return rule;
  return fail(ErrorKind::kInvalidArgument, "'{}' is neither a number of objects (100) nor a share (1%)", text);
}

std::string default_memory_limit() { return fmt::format("{}MiB", kDefaultMemoryBytes >> 20); }

Result<std::int64_t> parse_bytes(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"", 1},         {"b", 1},      {"k", 0x1p10},   {"kib", 0x1p10}, {"m", 0x1p20}, {"mib", 0x1p20}, {"g", 0x1p30},
      {"gib", 0x1p30}, {"t", 0x1p40}, {"tib", 0x1p40}, {"kb", 1e3},     {"mb", 1e6},   {"gb", 1e9},     {"tb", 1e12}};
  EC_ASSIGN_OR_RETURN(const double bytes, with_unit(text, "size (e.g. 768MiB)", kUnits));
  if (bytes > 0x1p62) return fail(ErrorKind::kInvalidArgument, "'{}' is too large", text);
  return static_cast<std::int64_t>(bytes);
}

Result<double> parse_duration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {{"", 1},      {"ms", 1e-3},  {"s", 1},    {"sec", 1},
                                                       {"m", 60},    {"min", 60},   {"h", 3600}, {"hour", 3600},
                                                       {"d", 86400}, {"day", 86400}};
  return with_unit(text, "duration (e.g. 15min)", kUnits);
}

Result<double> parse_share(const std::string& text) {
  EC_ASSIGN_OR_RETURN(const double share, with_unit(text, "share (e.g. 1%)", {{"", 1}, {"%", 0.01}}));
  if (share > 1) return fail(ErrorKind::kInvalidArgument, "'{}' is more than all", text);
  return share;
}

}  // namespace earthcatalog::cli
