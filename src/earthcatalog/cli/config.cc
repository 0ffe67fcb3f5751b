#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iterator>
#include <map>

#include "earthcatalog/cli/options.h"

namespace earthcatalog::cli {
namespace {

// Reads one section; each known key has a setter, an unknown key is an error with its line.
using Setters = std::map<std::string, std::function<void(const YAML::Node&)>>;

template <class T>
std::function<void(const YAML::Node&)> into(std::optional<T>& target) {
  return [&target](const YAML::Node& node) { target = node.as<T>(); };
}

std::string known_keys(const Setters& setters) {
  std::string names;
  for (const auto& [name, setter] : setters) names += (names.empty() ? "" : ", ") + name;
  return names;
}

Status read_section(const YAML::Node& section, const std::string& where, const Setters& setters) {
  if (section.IsNull()) return {};
  if (!section.IsMap()) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: expected a mapping", where, section.Mark().line + 1);
  }
  for (const auto& entry : section) {
    const auto key = entry.first.as<std::string>();
    const auto setter = setters.find(key);
    if (setter == setters.end()) {
      return fail(ErrorKind::kInvalidArgument, "{}: line {}: unknown key '{}'; known are {}", where,
                  entry.first.Mark().line + 1, key, known_keys(setters));
    }
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
          {"anonymous", into(s3.anonymous)},
          {"request_payer", into(s3.request_payer)},
          {"path_style", [&s3](const YAML::Node& node) { read_path_style(node, s3.path_style); }}};
}

Status read_storage(const YAML::Node& section, const std::string& where, storage::StorageSettings& settings) {
  Setters setters = s3_setters(settings.s3);
  YAML::Node buckets;
  setters["buckets"] = [&buckets](const YAML::Node& node) { buckets = node; };
  EC_TRY(read_section(section, where, setters));
  if (!buckets.IsDefined() || buckets.IsNull()) return {};
  if (!buckets.IsMap()) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: 'buckets' must map bucket names to settings", where,
                buckets.Mark().line + 1);
  }
  for (const auto& bucket : buckets) {
    EC_TRY(read_section(bucket.second, where, s3_setters(settings.buckets[bucket.first.as<std::string>()])));
  }
  return {};
}

Result<Config> read_document(const YAML::Node& document, const std::string& name) {
  Config config;
  std::map<std::string, std::function<Status(const YAML::Node&)>> sections;
  sections["catalog"] = [&](const YAML::Node& node) {
    return read_section(node, name + ": catalog",
                        {{"db_path", into(config.db_path)}, {"warehouse", into(config.warehouse)}});
  };
  sections["grid"] = [&](const YAML::Node& node) {
    return read_section(node, name + ": grid",
                        {{"type", into(config.grid_type)},
                         {"resolution", into(config.resolution)},
                         {"boundaries_path", into(config.boundaries_path)},
                         {"id_field", into(config.id_field)}});
  };
  sections["ingest"] = [&](const YAML::Node& node) {
    return read_section(node, name + ": ingest",
                        {{"chunk_size", into(config.chunk_size)},
                         {"max_workers", into(config.max_workers)},
                         {"batch_add_files", into(config.batch_add_files)}});
  };
  sections["storage"] = [&](const YAML::Node& node) { return read_storage(node, name + ": storage", config.storage); };
  if (document.IsNull()) return config;
  if (!document.IsMap())
    return fail(ErrorKind::kInvalidArgument, "{}: expected sections catalog, grid, ingest, storage", name);
  for (const auto& entry : document) {
    const auto key = entry.first.as<std::string>();
    const auto section = sections.find(key);
    if (section == sections.end()) {
      return fail(ErrorKind::kInvalidArgument,
                  "{}: line {}: unknown section '{}'; known are catalog, grid, ingest, storage", name,
                  entry.first.Mark().line + 1, key);
    }
    EC_TRY(section->second(entry.second));
  }
  return config;
}

}  // namespace

Result<Config> parse_config(const std::string& yaml, const std::string& name) {
  try {
    return read_document(YAML::Load(yaml), name);
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::kInvalidArgument, "{}: line {}: {}", name, error.mark.line + 1, error.msg);
  }
}

Result<Config> load_config(const std::string& path) {
  if (path.empty()) return Config{};
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::kInvalidArgument, "--config {}: cannot be read", path);
  return parse_config(std::string{std::istreambuf_iterator<char>(file), {}}, path);
}

}  // namespace earthcatalog::cli
