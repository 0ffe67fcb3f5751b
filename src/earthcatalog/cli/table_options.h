// Options of all commands that work on a table: where it is, and how to reach it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/lock_flags.h"
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

/// To read the table there.
catalog::CatalogOptions catalog_at(const TableAccess& access);
/// To write to it: with a new run id, under the lock that `lock` says; `owner` is what that says of its holder.
Result<catalog::CatalogOptions> locked_catalog(const TableAccess& access, const LockFlags& lock,
                                               const std::string& owner);
/// What `asked` does not say, from the configuration file.
catalog::GridRequest complete(catalog::GridRequest asked, const Config& config);
/// `asked`, else the configuration file's max_workers, else the machine's cores.
int worker_count(std::optional<int> asked, const TableAccess& access);

}  // namespace earthcatalog::cli
