// Options of the commands that turn an inventory into rows: what to read, what table to make of it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/options/inventory_flags.h"
#include "earthcatalog/cli/options/lock_flags.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/incremental/incremental.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

struct IngestFlags {
  TableFlags table;
  std::string inventory;
  InventoryFlags keys;
  catalog::GridRequest grid;
  std::string schema, max_object_size = "16MiB", memory_limit = default_memory_limit(), max_missing, problems;
  LockFlags lock;
  std::optional<std::int64_t> chunk_size;
  std::optional<int> workers;
  std::size_t max_columns = kDefaultMaxColumns;
  int fetch_concurrency = 256;
  bool allow_pending = false;

  /// What a command takes when an option is left out, for the help text alone.
  struct Defaults {
    std::int64_t chunk_size = 0;
    const char* resolution = "1 for a new table";
  };
  /// Declares all of them.
  void add(CLI::App& app, const Defaults& defaults);
};

/// locked_catalog() with grid and schema.
Result<catalog::CatalogOptions> catalog_options(const Session& session, const IngestFlags& flags,
                                                const TableAccess& access, const std::string& owner);
Result<inventory::InventoryOptions> inventory_options(const IngestFlags& flags);
/// What all commands take that bring items into the table themselves; a caller sets its own options.
Result<incremental::IncrementalSpec> incremental_spec(const Session& session, const IngestFlags& flags,
                                                      const TableAccess& access, const std::string& owner);

/// --memory-limit, when it is enough to work with.
Result<std::int64_t> memory_limit(const IngestFlags& flags);
/// --problems, else a file beside the catalog.
std::string problems_uri(const IngestFlags& flags, const catalog::CatalogOptions& options);
/// The settings of the fetch that are options.
Result<fetch::FetchOptions> fetch_options(const IngestFlags& flags);

}  // namespace earthcatalog::cli
