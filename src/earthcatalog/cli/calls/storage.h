// How a call reaches buckets.
#pragma once

#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Returns a JSON object as the section `storage` of the configuration file; an empty text is an empty section.
/// kInvalidArgument when it is no JSON object.
Result<std::string> storage_section(const std::string& storage);

/// Returns the settings that a section and the names of AWS's tools come to: config::storage_settings().
Result<storage::StorageSettings> call_storage(const std::string& storage);

}  // namespace earthcatalog::cli
