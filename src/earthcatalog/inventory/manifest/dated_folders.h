// The folder that S3 Inventory fills, one inventory after the other. Internal to the module.
//
//     <folder>/2026-01-31T01-00Z/manifest.json
//     <folder>/2026-01-31T01-00Z/manifest.checksum     the MD5 of manifest.json; written last
//     <folder>/data/…                                  data files of all of them
//     <folder>/hive/dt=2026-01-31-01-00/symlink.txt
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
#pragma once

#include <optional>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

/// The manifest that a folder stands for: its own manifest.json, else that of the newest complete inventory among its
/// dated folders. Complete is one with a checksum that fits and all of its data files. Nothing when the folder holds no
/// inventories. kNotFound when none of them is complete, with what the newest lacks.
Result<std::optional<storage::Location>> find_manifest(storage::Stores& stores, const storage::Location& folder);

}  // namespace earthcatalog::inventory
