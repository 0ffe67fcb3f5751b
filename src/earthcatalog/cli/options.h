// Options that several commands share, and where their values come from: flags win over the configuration file, the
// file over the environment (the names that AWS's tools use).
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/flag_words.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// The configuration file (--config, YAML; docs/configuration.md). Every member is optional.
struct Config {
  std::optional<std::string> db_path, warehouse;                    // catalog:
  std::optional<std::string> grid_type, boundaries_path, id_field;  // grid:
  std::optional<int> resolution;
  std::optional<std::int64_t> chunk_size;  // ingest:
  std::optional<int> max_workers;
  std::optional<bool> batch_add_files;
  storage::StorageSettings storage;  // storage:
};

/// Reads YAML text; `name` is for messages. An unknown section or key, or a value of a wrong type, is kInvalidArgument
/// with its line.
Result<Config> parse_config(const std::string& yaml, const std::string& name);

/// How buckets are reached, as flags.
struct S3Flags {
  std::optional<std::string> endpoint, region, profile;
  bool anonymous = false, request_payer = false;
  void add(CLI::App& app);
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

/// The process's environment.
std::optional<std::string> process_environment(const char* name);

/// Flags over file (its sections of single buckets too) over environment: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL,
/// AWS_REGION, AWS_DEFAULT_REGION, AWS_NO_SIGN_REQUEST, AWS_REQUEST_PAYER.
storage::StorageSettings merge_storage(const S3Flags& flags, const Config& config, const Environment& environment);

/// The file named by --config; an empty one when `path` is empty.
Result<Config> load_config(const std::string& path);

/// "768MiB", "16 MB", "4096": bytes. kInvalidArgument otherwise.
Result<std::int64_t> parse_bytes(const std::string& text);

/// "15min", "90s", "2h", "1d", "30": seconds.
Result<double> parse_duration(const std::string& text);

/// "1%", "0.5 %", "0.01": a share from 0 to 1.
Result<double> parse_share(const std::string& text);

/// --format text|json.
struct FormatFlag {
  std::string format = "text";
  bool json() const { return format == "json"; }
  void add(CLI::App& app);
  /// Writes `report` to stdout by its to_json or to_text.
  template <class Report>
  void print(const Report& report) const {
    if (json()) {
      fmt::print("{}\n", to_json(report));
    } else {
      fmt::print("{}", in_flags(to_text(report)));
    }
    std::fflush(stdout);
  }
};

}  // namespace earthcatalog::cli
