// Finds the manifests that may hold files that a filter lets through.
#pragma once

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

/// False only when the manifest's partition ranges rule every match out.
bool may_match(const FileFilter& filter, const ManifestFile& manifest, const PartitionLayout& layout);

}  // namespace earthcatalog::iceberg
