// Options of all commands that write to a table: its lock.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

struct LockFlags {
  std::string lock_uri, lock_ttl = "5min";
  bool no_lock = false;
  /// `group` is the heading in --help.
  void add(CLI::App& app, const std::string& group);
  /// Sets what `options` says of the lock; `owner` names the kind of job. kInvalidArgument for a --lock-ttl that is no
  /// time.
  Status apply(const std::string& owner, catalog::CatalogOptions& options) const;
};

}  // namespace earthcatalog::cli
