// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/session.h"
#include "earthcatalog/config/storage_settings.h"
#include "earthcatalog/ingest/missing_rule.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// Takes the section `storage` of the configuration file, as YAML; Settings fills it, and no help shows it.
inline constexpr const char* kStorageSectionOption = "storage-section";

/// How buckets are reached, and the option --config.
struct S3Flags : config::StorageRequest {
  void add(CLI::App& app);
  /// What they come to, with the environment; `session` hears what the stores meet.
  Result<storage::StorageSettings> settings(Session& session) const;

 private:
  std::string config_;  // read by Settings, before the options are parsed
};

/// Returns the value of a variable of the process's environment: a config::Environment.
std::optional<std::string> process_environment(const char* name);

/// Refuses a whole number below `least`.
CLI::Validator at_least(std::int64_t least);

/// Returns kDefaultMemoryBytes as parse_bytes() reads it.
std::string default_memory_limit();

/// "100" objects or "1%" of them; empty: as many as there are, but not all.
Result<ingest::MissingRule> parse_missing(const std::string& text);

/// --format text|json.
struct FormatFlag {
  std::string format = "text";
  bool json() const { return format == "json"; }
  void add(CLI::App& app);
};

}  // namespace earthcatalog::cli
