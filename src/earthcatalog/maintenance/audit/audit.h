// Is everything in the bucket in the table, once, and nothing else? (docs/commands/audit.md)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/maintenance/audit/audit_findings.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

struct AuditSpec {
  std::string inventory;                         ///< path or URI of a list of all objects
  inventory::InventoryOptions inventory_options; /**< with `since`: older objects may be missing */
  std::vector<std::string> problems;             ///< problems files of earlier runs: why objects have no rows
  read::TablePlace table;
  std::string out;  ///< URI of the file of all findings
  std::int64_t memory_limit_bytes = 768ll << 20;
  std::string scratch_folder = "/var/tmp";
  std::size_t workers = 1;
  Hooks hooks;  ///< its stop ends early
};

/// The objects of the inventory: objects = held + superseded + by_name + pending + not_found + rejected + before_since
/// + stale + missing, the last two being findings.
struct AuditedObjects {
  std::int64_t objects = 0;
  std::int64_t duplicates = 0;              ///< further rows of an object
  std::int64_t held = 0;                    ///< own rows, in this version
  std::int64_t superseded = 0;              ///< recorded in this version; a newer object owns the item's rows
  std::int64_t by_name = 0;                 ///< not recorded, but the table has an item with the file's name as its id
  std::int64_t pending = 0, not_found = 0;  ///< not recorded, and a problems file says why
  std::int64_t rejected = 0;                ///< so, or recorded in this version as holding no Item
  std::int64_t before_since = 0;            ///< not recorded, and modified before `since`
  std::int64_t stale = 0, missing = 0;
};

/// The entries of the object index: entries = held + superseded + stale (as above) + extra + elsewhere + other_suffix +
/// nameless.
struct AuditedIndex {
  bool current = false;      ///< it describes the table's current snapshot
  std::int64_t entries = 0;  ///< of objects that hold an item
  std::int64_t extra = 0;
  std::int64_t elsewhere = 0;     ///< outside of the prefix that the inventory is a listing of
  std::int64_t other_suffix = 0;  ///< whose keys do not end in the inventory's suffix
  std::int64_t nameless = 0;      ///< rows that another engine wrote
};

/// The rows of the table: rows = held + by_name + stale + doubled + unknown.
struct AuditedRows {
  std::int64_t files = 0, rows = 0, bytes = 0;  ///< of the current snapshot, rows that could be read
  std::int64_t items = 0;
  std::int64_t held = 0;             ///< the index names them, in this version
  std::int64_t by_name = 0;          ///< no object is recorded, but the inventory has one of that name
  std::int64_t without_primary = 0;  ///< items whose rows do not say which one counts: no fault
};

struct AuditReport {
  std::string inventory, catalog, warehouse;
  std::optional<std::int64_t> snapshot_id;
  AuditedObjects objects;
  AuditedIndex index;
  AuditedRows rows;
  struct Kind {
    Finding finding;
    std::int64_t count = 0;
    std::vector<std::string> examples;
  };
  std::vector<Kind> findings;  ///< those that were made
  std::string out;             ///< URI of the file of all findings; empty when there are none
  double seconds = 0;
  std::int64_t peak_rss_bytes = 0;

  bool good() const { return findings.empty(); }
};

/// Takes no lock and changes nothing. Reads the inventory (again when objects are missing), the object index, and of
/// each data file all columns but geometry and JSON (again, four columns, when rows are wrong). Memory is the limit and
/// some row groups, whatever the size of the archive; the rest lies in unlinked files.
///
/// Fills `report` with what was found; that is no error. kNotFound: no such inventory, problems file, catalog or table.
/// kInvalidData: an inventory, manifest or index that cannot be read to its end. kCancelled after `hooks.stop`.
Status run_audit(storage::Stores& stores, const AuditSpec& spec, AuditReport& report);

std::string to_json(const AuditReport& report);
std::string to_text(const AuditReport& report);

}  // namespace earthcatalog::maintenance
