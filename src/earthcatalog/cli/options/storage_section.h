// The section `storage` of the configuration file: how buckets are reached.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// A section that is not there, or empty, changes nothing. kInvalidArgument with the line for an unknown key or a value
/// of a wrong type; `where` is for the message.
Result<storage::StorageSettings> parse_storage_section(const YAML::Node& section, const std::string& where);

}  // namespace earthcatalog::cli
