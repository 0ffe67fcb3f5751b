// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/ingest/missing_rule.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Takes the section `storage` of the configuration file, as YAML; Settings fills it, and no help shows it.
inline constexpr const char* kStorageSectionOption = "storage-section";

/// How buckets are reached, and the option --config.
struct S3Flags {
  std::optional<std::string> endpoint, region, profile;
  std::optional<bool> anonymous, request_payer;
  std::string section;  ///< kStorageSectionOption
  std::optional<int> io_concurrency;
  void add(CLI::App& app);

 private:
  std::string config_;  // read by Settings, before the options are parsed
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

/// The process's environment.
std::optional<std::string> process_environment(const char* name);

/// Flags over the file's section (its buckets too) over the names of AWS's tools in the environment:
/// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_NO_SIGN_REQUEST, AWS_REQUEST_PAYER; and
/// these over the profile of AWS's shared files (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE): its region
/// and endpoint. kInvalidArgument for a section that makes no sense.
Result<storage::StorageSettings> storage_settings(const S3Flags& flags, const Environment& environment);

/// Refuses a whole number below `least`.
CLI::Validator at_least(std::int64_t least);

/// Returns kDefaultMemoryBytes as parse_bytes() reads it.
std::string default_memory_limit();

/// "768MiB", "16 MB", "4096": bytes. kInvalidArgument otherwise.
Result<std::int64_t> parse_bytes(const std::string& text);

/// "15min", "90s", "2h", "1d", "30": seconds.
Result<double> parse_duration(const std::string& text);

/// "1%", "0.5 %", "0.01": a share from 0 to 1.
Result<double> parse_share(const std::string& text);

/// "100" objects or "1%" of them; empty: as many as there are, but not all.
Result<ingest::MissingRule> parse_missing(const std::string& text);

/// --format text|json.
struct FormatFlag {
  std::string format = "text";
  bool json() const { return format == "json"; }
  void add(CLI::App& app);
};

}  // namespace earthcatalog::cli
