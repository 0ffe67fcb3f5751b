// What one attempt on one chunk came to: the `.done` marker, written last.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/backfill/json.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/staged_schema.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/stac/schema.h"
#include "earthcatalog/write/partition.h"

namespace earthcatalog::backfill {

/// One NDJSON file or part: Staging::rows(partition, attempt, number).
struct StagedFile {
  write::Partition partition;
  FileNumber number;
  std::int64_t rows = 0, bytes = 0;
  std::int64_t items = 0;  ///< rows with the smallest cell of their item
};

/// Entries of the object index: Staging::objects(spill). No file when there are none.
struct ObjectRun {
  std::int64_t entries = 0, bytes = 0;
};

/// Of staged items.
struct ItemCounts {
  std::int64_t undated = 0, unlocated = 0;       ///< year "unknown", cell "__none__"
  std::map<std::int64_t, std::int64_t> fan_out;  ///< cells of an item -> items

  /// Counts the item of `entry` `times` more: 1, or -1 to take it back.
  void add(const index::ObjectEntry& entry, int times);
  void add(const ItemCounts& other);
};

/// source_items = staged_items + superseded + repeated + missing + pending + rejected.
struct ChunkRecord {
  std::int64_t chunk = 0;
  int attempt = 0;
  std::string writer;      ///< 8 hex digits in the names of what was staged; or empty
  TimeMicros started = 0;  ///< RunRecord::started of the backfill that it belongs to
  std::int64_t source_items = 0, staged_items = 0;
  std::int64_t superseded = 0;  ///< direct shape: a newer version of the item came in the same spill
  std::int64_t repeated = 0;    ///< objects that the chunk lists more than once, the first time left out
  std::int64_t missing = 0, pending = 0, rejected = 0;
  std::string first_missing;  ///< URI of the first that is missing
  std::int64_t rows = 0, bytes_fetched = 0, item_dates_unparseable = 0;
  ItemCounts items;
  std::vector<StagedFile> files;
  bool all_itslive = true;
  stac::ObservedProperties observed;
  std::vector<ObjectRun> runs;       ///< one a spill in the direct shape, else one
  std::vector<TableSchema> schemas;  ///< direct shape: of the parts of each spill
  std::string problems;              ///< URI of the problems file; empty: none
  std::string warning;               ///< a grid that is too fine for the items; empty: none
  double seconds = 0;

  Attempt at() const { return {chunk, attempt, writer}; }
};

}  // namespace earthcatalog::backfill

namespace earthcatalog::write {
void to_json(nlohmann::json& json, const Partition& partition);
void from_json(const nlohmann::json& json, Partition& partition);
}  // namespace earthcatalog::write

namespace earthcatalog::stac {
void to_json(nlohmann::json& json, const PropertyKinds& kinds);
void from_json(const nlohmann::json& json, PropertyKinds& kinds);
}  // namespace earthcatalog::stac

namespace earthcatalog::backfill {

void to_json(nlohmann::json& json, const ItemCounts& counts);
void from_json(const nlohmann::json& json, ItemCounts& counts);

// Files lack the numbers that are 0: a backfill has millions of them.
void to_json(nlohmann::json& json, const FileNumber& number);
void from_json(const nlohmann::json& json, FileNumber& number);
void to_json(nlohmann::json& json, const StagedFile& file);
void from_json(const nlohmann::json& json, StagedFile& file);

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ObjectRun, entries, bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ChunkRecord, chunk, attempt, writer, started, source_items,
                                                staged_items, superseded, repeated, missing, pending, rejected,
                                                first_missing, rows, bytes_fetched, item_dates_unparseable, items,
                                                files, all_itslive, observed, runs, schemas, problems, warning, seconds)

}  // namespace earthcatalog::backfill
