#include "earthcatalog/config/storage_section.h"

#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <vector>

#include "earthcatalog/config/nearest.h"

namespace earthcatalog::config {
namespace {

// Reads one mapping; each known key has a setter.
using Setters = std::map<std::string, std::function<void(const YAML::Node&)>>;

template <class T>
std::function<void(const YAML::Node&)> into(std::optional<T>& target) {
  return [&target](const YAML::Node& node) { target = node.as<T>(); };
}

Status read_mapping(const YAML::Node& mapping, const std::string& where, const Setters& setters) {
  if (mapping.IsNull()) return {};
  if (!mapping.IsMap()) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: expected a mapping", where, mapping.Mark().line + 1);
  }
  for (const auto& entry : mapping) {
    const auto key = entry.first.as<std::string>();
    const auto setter = setters.find(key);
    if (setter == setters.end()) {
      std::vector<std::string> known;
      for (const auto& [name, set] : setters) known.push_back(name);
      return fail(ErrorKind::kInvalidArgument, "{}: line {}: unknown key '{}'{}; known are {}", where,
                  entry.first.Mark().line + 1, key, did_you_mean(key, known), fmt::join(known, ", "));
    }
    if (entry.second.IsNull()) continue;
    try {
      setter->second(entry.second);
    } catch (const YAML::Exception& error) {
      return fail(ErrorKind::kInvalidArgument, "{}: line {}: '{}' has a value of the wrong type ({})", where,
                  entry.second.Mark().line + 1, key, error.msg);
    }
  }
  return {};
}

void read_path_style(const YAML::Node& node, std::optional<storage::PathStyle>& target) {
  target = node.as<bool>() ? storage::PathStyle::kPath : storage::PathStyle::kVirtualHost;
}

Setters s3_setters(storage::S3Settings& s3) {
  return {{"endpoint", into(s3.endpoint)},
          {"region", into(s3.region)},
          {"profile", into(s3.profile)},
          {"access_key", into(s3.access_key)},
          {"secret_key", into(s3.secret_key)},
          {"session_token", into(s3.session_token)},
          {"anonymous", into(s3.anonymous)},
          {"request_payer", into(s3.request_payer)},
          {"path_style", [&s3](const YAML::Node& node) { read_path_style(node, s3.path_style); }}};
}

}  // namespace

Result<storage::StorageSettings> parse_storage_section(const YAML::Node& section, const std::string& where) {
  storage::StorageSettings settings;
  if (!section.IsDefined()) return settings;
  const std::string place = where + ": storage";
  Setters setters = s3_setters(settings.s3);
  setters["ca_bundle"] = into(settings.ca_bundle);
  YAML::Node buckets;
  setters["buckets"] = [&buckets](const YAML::Node& node) { buckets = node; };
  EC_TRY(read_mapping(section, place, setters));
  if (!buckets.IsDefined() || buckets.IsNull()) return settings;
  if (!buckets.IsMap()) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: 'buckets' must map bucket names to settings", place,
                buckets.Mark().line + 1);
  }
  for (const auto& bucket : buckets) {
    EC_TRY(read_mapping(bucket.second, place, s3_setters(settings.buckets[bucket.first.as<std::string>()])));
  }
  return settings;
}

}  // namespace earthcatalog::config
