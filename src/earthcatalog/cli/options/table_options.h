// Options of all commands that work on a table: where it is, and how to reach it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/options/lock_flags.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/session.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

struct TableFlags {
  std::string catalog, warehouse;
  S3Flags s3;
  void add(CLI::App& app);
};

/// What TableFlags come to.
struct TableAccess {
  storage::StorageSettings storage;
  std::string catalog, warehouse;
};

/// kInvalidArgument when nothing names the catalog; the warehouse may stay empty.
Result<TableAccess> resolve(const TableFlags& flags);

/// To read the table there.
catalog::CatalogOptions catalog_at(const TableAccess& access);
/// To write to it: with a new run id, under the lock that `lock` says, or that the session's caller holds; `owner` is
/// what it says of its holder.
Result<catalog::CatalogOptions> locked_catalog(const Session& session, const TableAccess& access, const LockFlags& lock,
                                               const std::string& owner);
/// `asked`, else the machine's cores.
int worker_count(std::optional<int> asked);

}  // namespace earthcatalog::cli
