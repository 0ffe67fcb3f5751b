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

/// What TableFlags become once the configuration file has been read.
struct TableAccess {
  Config config;
  storage::StorageSettings storage;
  std::string catalog, warehouse;
};

/// kInvalidArgument when neither flag nor file names the catalog; the warehouse may stay empty.
Result<TableAccess> resolve(const TableFlags& flags);

}  // namespace earthcatalog::cli
