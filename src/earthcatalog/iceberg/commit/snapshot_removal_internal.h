// Snapshots leave a table's metadata.
#pragma once

#include <cstdint>
#include <set>

#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {

/// Takes these snapshots out of `metadata`, but for the current one and those that a branch or tag names. Their
/// statistics go with them; of the snapshot log all that is not newer than the last removed one goes.
void remove_snapshots(const std::set<std::int64_t>& snapshot_ids, TableMetadata& metadata);

}  // namespace earthcatalog::iceberg
