// Options of all commands that write to a table: its lock, and the run's name.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

struct LockFlags {
  std::string lock_uri, lock_ttl = "5min", run_id;
  bool no_lock = false;
  /// `group` is the heading in --help.
  void add(CLI::App& app, const std::string& group);
  /// Sets what `options` says of the lock, and its run id; `owner` names the kind of job. kInvalidArgument for a
  /// --lock-ttl that is no time, a --run-id that is none.
  Status apply(const std::string& owner, catalog::CatalogOptions& options) const;
};

}  // namespace earthcatalog::cli
