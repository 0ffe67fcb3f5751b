// The tables whose metadata lie in a warehouse, for when no catalog tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

struct MetadataFile {
  std::string uri;
  std::int64_t version = -1;  ///< 7 of "00007-….metadata.json"; -1 when the name has no number
};

struct PassedOver {
  std::string uri, reason;
};

/// One table of a warehouse.
struct FoundTable {
  iceberg::Table newest;  ///< as of its newest readable metadata
  std::string catalog;    ///< URI of the catalog that last committed to it; empty: the metadata do not say

  const std::string& uuid() const { return newest.metadata().table_uuid; }
  /// Its UUID and what tells it from others: rows, last commit, catalog, metadata.
  std::string describe() const;
};

struct MetadataSearch {
  std::vector<FoundTable> tables;       ///< those that have a snapshot, each once
  std::vector<PassedOver> passed_over;  ///< newer metadata than the first table's that cannot be used
};

/// The metadata files of the table earthcatalog.stac_items of a warehouse (full URI), by descending number.
Result<std::vector<MetadataFile>> list_metadata(storage::Stores& stores, const std::string& warehouse);

/// Of each table the metadata with the highest number in their name that can be read and have a snapshot. Among several
/// of one number (all but one were written by commits that lost a race, or were killed) those that version-hint.text
/// names, else the last updated. Files that newer ones of the same table name as their past are not read.
Result<MetadataSearch> find_tables(storage::Stores& stores, const std::string& warehouse);

/// kInvalidData when the table's metadata say that they lie elsewhere: those of a warehouse that was copied name the
/// files of the first one.
Status check_place(const iceberg::Table& table, const std::string& warehouse);

}  // namespace earthcatalog::catalog
