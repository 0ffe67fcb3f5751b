// The section `storage` of the configuration file as YAML nodes: how buckets are reached. Others take the text, by
// parse_storage() of config_file.h.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::config {

/// A section that is not there, or empty, changes nothing. kInvalidArgument with the line for an unknown key or a value
/// of a wrong type; `where` is for the message.
Result<storage::StorageSettings> parse_storage_section(const YAML::Node& section, const std::string& where);

}  // namespace earthcatalog::config
