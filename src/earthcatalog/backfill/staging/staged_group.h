// What phase 2 staged for one partition, and which of its rows count: the input of phase 3.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/records.h"

namespace earthcatalog::backfill {

/// What a part's columns are to the table's.
enum class PartForm : std::uint8_t {
  kSame,          ///< the same, with the same field ids
  kFewerColumns,  ///< some of the table's, which have the same types; the others are null
  kItems,         ///< others: the rows must be read as items
};

/// One NDJSON file or part of a partition.
struct StagedGroupFile {
  Attempt attempt;
  FileNumber number;
  std::int64_t rows = 0, bytes = 0, items = 0;
  PartForm form = PartForm::kItems;

  Spill spill() const { return {attempt, number.spill}; }
};

struct StagedGroup;
/// The file as phase 2 named it.
StagedFile staged_file(const StagedGroup& group, const StagedGroupFile& file);

/// An object whose rows do not count, as staged by one spill: a newer version of its item is staged too.
struct DroppedObject {
  Spill spill;
  Hash128 object, identity;  ///< lines know their object; a spill's parts have one row of an item in a partition
};

struct StagedGroup {
  write::Partition partition;
  std::vector<StagedGroupFile> files;
  std::vector<DroppedObject> dropped;  ///< those that have rows in the partition
  std::vector<Hash128> removals;       ///< of a delta: items whose rows leave the table's files in the partition
};

// What is empty or 0 is left out: a plan has millions of files.
void to_json(nlohmann::json& json, const StagedGroupFile& file);
void from_json(const nlohmann::json& json, StagedGroupFile& file);
void to_json(nlohmann::json& json, const DroppedObject& dropped);
void from_json(const nlohmann::json& json, DroppedObject& dropped);
void to_json(nlohmann::json& json, const StagedGroup& group);
void from_json(const nlohmann::json& json, StagedGroup& group);

}  // namespace earthcatalog::backfill
