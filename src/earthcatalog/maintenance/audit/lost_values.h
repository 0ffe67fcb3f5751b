// Values that a rewriting of data files lost, as the table's history tells.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

/// One column of one partition, and the files of the current snapshot whose rows lack the values.
struct LostValues {
  iceberg::PartitionKey partition;
  std::string column;
  std::int64_t values = 0;       ///< how many
  std::int64_t snapshot_id = 0;  ///< that lost the first of them
  std::vector<std::string> files;
};

/// A snapshot of operation "replace" holds the same rows as the one before: in each partition, the files that it added
/// must have as many values of each column as those that it removed. Calls `visit` where they have fewer, as long as
/// the rows have not been written anew since. Reads the manifests that the table's snapshots wrote, each once, and no
/// data file; columns that a manifest does not count are passed over, and so are snapshots whose manifests are gone.
Status find_lost_values(const iceberg::Table& table, const std::function<void(const LostValues&)>& visit);

}  // namespace earthcatalog::maintenance
