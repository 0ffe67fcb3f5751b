// Options of all commands that work on a table: where it is, and how to reach it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/options.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

struct TableFlags {
  std::string config_path, catalog, warehouse;
  S3Flags s3;
  void add(CLI::App& app);
};

/// Options of the commands that write to a table.
struct LockFlags {
  std::string lock_uri, lock_ttl = "5min";
  bool no_lock = false;
  void add(CLI::App& app, const std::string& group);
  /// `owner` is what the lock says of its holder.
  Status apply(catalog::CatalogOptions& options, const std::string& owner) const;
};

/// What TableFlags become once the configuration file has been read.
struct TableAccess {
  Config config;
  storage::StorageSettings storage;
  std::string catalog, warehouse;
};

/// kInvalidArgument when neither flag nor file names the catalog; the warehouse may stay empty.
Result<TableAccess> resolve(const TableFlags& flags);

}  // namespace earthcatalog::cli
