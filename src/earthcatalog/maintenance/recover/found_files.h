// The data files of a warehouse by their names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/maintenance/recover/row_choice.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

/// The partition that a name says: "…/grid_partition=<cell>/year=<year>/<file>.parquet". Nothing for other names.
std::optional<iceberg::PartitionKey> partition_of_name(std::string_view uri);

/// All files of such names under `warehouse`, in the order of their names.
Result<std::vector<FoundFile>> find_data_files(storage::Stores& stores, const std::string& warehouse);

/// kInvalidData when the bounds of `file` say that it has rows of another cell or year than its partition.
Status check_partition(const iceberg::DataFile& file, const iceberg::Schema& schema);

}  // namespace earthcatalog::maintenance
