// The newest readable table metadata of a warehouse, for when no catalog tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::upkeep {

struct MetadataFile {
  std::string uri;
  std::int64_t version = -1;  ///< 7 of "00007-….metadata.json"; -1 when the name has no number
};

struct PassedOver {
  std::string uri, reason;
};

struct MetadataSearch {
  std::optional<iceberg::Table> newest;
  std::vector<PassedOver> passed_over;  ///< newer ones that cannot be used
};

/// Those of the table earthcatalog.stac_items of a warehouse (full URI), by descending number.
Result<std::vector<MetadataFile>> list_metadata(storage::Stores& stores, const std::string& warehouse);

/// The one with the highest number in its name that can be read and has a snapshot. Among several of one number (all
/// but one were written by commits that lost a race, or were killed) the one that version-hint.text names, else the
/// last updated. kInvalidData when it describes a table in another place.
Result<MetadataSearch> find_newest_metadata(storage::Stores& stores, const std::string& warehouse);

}  // namespace earthcatalog::upkeep
