// The first step of a command that only reads a table: find it, begin the report, open it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/cli/output/run_report.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Where the table of these flags is.
read::TablePlace place_of(const TableAccess& access);

/// Options that choose a snapshot, without any the current one; and what of it is kept on this machine.
struct SnapshotFlags {
  std::optional<std::int64_t> snapshot_id;
  std::string as_of;
  std::string cache;
  bool no_cache = false;
  /// Declares --snapshot-id, --as-of, --cache and --no-cache.
  void add(CLI::App& app);
};

/// A table, and the stores that it is read from.
struct ReadAccess {
  std::unique_ptr<storage::Stores> stores;
  read::TableReader table;
};

/// Opens the table that `flags` name, after `report` has begun. Errors as resolve() and TableReader::open().
Result<ReadAccess> open_to_read(Session& session, const TableFlags& flags, RunReport& report);
/// The same at the snapshot that `choice` names. kInvalidArgument for an --as-of that is no time.
Result<ReadAccess> open_to_read(Session& session, const TableFlags& flags, const SnapshotFlags& choice,
                                RunReport& report);

/// Returns the reader of a state of the table: by a snapshot id, or by a time as --as-of takes it.
Result<read::TableReader> at_state(const read::TableReader& table, const std::string& state);

/// Returns the id of the snapshot that `table` stands on, or null.
nlohmann::ordered_json snapshot_json(const read::TableReader& table);

}  // namespace earthcatalog::cli
