// How the objects of an inventory are chosen and spelt: options of all commands that read one.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/cli/session.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

struct InventoryFlags {
  std::string since;  ///< the commands that have --since declare it: its meaning differs
  std::optional<std::int64_t> limit;
  std::string suffix = inventory::InventoryOptions().suffix;
  std::string source_root = inventory::InventoryOptions().source_root, key_encoding;

  /// Declares --suffix, --source-root and --key-encoding; an empty `group` is the default one.
  void add(CLI::App& app, const std::string& group = "Options");
  /// Declares --limit.
  void add_limit(CLI::App& app, const std::string& group = "Options");
  /// --source-root as a URI: of a local folder the path as it is, not percent-encoded.
  std::string root() const;
  /// kInvalidArgument for a --since that is no time.
  Result<inventory::InventoryOptions> options() const;
};

/// A folder of inventories stands for its newest complete one: puts that in place of `inventory`, and notes it.
Status choose_inventory(Session& session, storage::Stores& stores, std::string& inventory);

}  // namespace earthcatalog::cli
