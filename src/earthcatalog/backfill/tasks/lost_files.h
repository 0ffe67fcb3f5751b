// Data files that a task wrote and that may be gone by now.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

/// The number of one of `files` that is not there, or not as long as it says; nothing when all are. Many are looked for
/// in one listing of `warehouse`; each that it does not show is asked for by name, since a listing may be out of date.
Result<std::optional<std::size_t>> find_lost(storage::Stores& stores, const std::string& warehouse,
                                             std::span<const iceberg::DataFile> files);

}  // namespace earthcatalog::backfill
