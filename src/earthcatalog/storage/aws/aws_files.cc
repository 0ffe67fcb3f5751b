#include "earthcatalog/storage/aws/aws_files.h"

#include <optional>

namespace earthcatalog::storage {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view strip(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// The settings of one profile for S3.
struct Profile {
  std::optional<std::string> endpoint, region;
};

Profile read_profile(const AwsFiles& files, std::string_view profile, bool endpoints) {
  Profile result;
  std::optional<std::string> services, service_endpoint;
  const auto fill = [](std::optional<std::string>& member, std::string_view value) {
    if (!member && !value.empty()) member = value;
  };
  const auto read = [&](const AwsLine& line) {
    if (!line.parent.empty()) return;
    if (line.name == "region") fill(result.region, line.value);
    if (line.name == "endpoint_url") fill(result.endpoint, line.value);
    if (line.name == "services") fill(services, line.value);
    if (line.name == "ignore_configured_endpoint_urls" && line.value == "true") endpoints = false;
  };
  for_each_line(files.credentials, profile, read);
  for_each_line(files.config, config_heading(profile), read);
  if (services) {
    for_each_line(files.config, "services " + *services, [&](const AwsLine& line) {
      if (line.parent == "s3" && line.name == "endpoint_url") fill(service_endpoint, line.value);
    });
  }
  if (service_endpoint) result.endpoint = service_endpoint;
  if (!endpoints) result.endpoint.reset();
  return result;
}

}  // namespace

void for_each_line(std::string_view file, std::string_view heading, const std::function<void(const AwsLine&)>& visit) {
  bool inside = false;
  std::string_view parent;
  while (!file.empty()) {
    const std::size_t end = file.find('\n');
    const std::string_view raw = file.substr(0, end);
    const std::string_view line = strip(raw);
    file.remove_prefix(end == file.npos ? file.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = line.back() == ']' && strip(line.substr(1, line.size() - 2)) == heading;
      parent = {};
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == line.npos) continue;
    const AwsLine found{.parent = is_blank(raw.front()) ? parent : std::string_view(),
                        .name = strip(line.substr(0, equals)),
                        .value = strip(line.substr(equals + 1))};
    if (found.parent.empty()) parent = found.value.empty() ? found.name : std::string_view();
    visit(found);
  }
}

std::string config_heading(std::string_view profile) {
  return profile == "default" ? "default" : "profile " + std::string(profile);
}

void fill_from_profiles(const AwsFiles& files, const AwsProfileChoice& choice, StorageSettings& settings) {
  const S3Settings given = settings.s3;
  const auto fill = [&](S3Settings& s3, std::string_view name) {
    const auto profile = read_profile(files, name, choice.endpoints);
    if (!s3.endpoint && !given.endpoint) s3.endpoint = profile.endpoint;
    if (!s3.region && !given.region) s3.region = profile.region;
  };
  fill(settings.s3, given.profile.value_or(choice.profile));
  for (auto& [bucket, own] : settings.buckets) {
    if (own.profile) fill(own, *own.profile);
  }
}

}  // namespace earthcatalog::storage
