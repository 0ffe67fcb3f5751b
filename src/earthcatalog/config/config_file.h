// The configuration file (docs/guide/configuration.md): YAML whose keys are options.
//
//     workers: 4                  # an option, of every command that has it
//     incremental:                # a command: options of it alone
//       commit_every: 5min
//     catalog:                    # a section: older names of options
//       db_path: s3://b/c.db
//     storage:                    # how buckets are reached
//       buckets: {b: {region: us-west-2}}
//
// Functions of values, safe to call from many threads at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::config {

/// What the file says of one option.
struct FileValue {
  std::vector<std::string> values;
  int line = 0;
};

/// By the option's name, without dashes in front: "h3-resolution".
using FileValues = std::map<std::string, FileValue>;

struct ConfigFile {
  std::string name;                            ///< for messages
  FileValues general;                          ///< for every command
  std::map<std::string, FileValues> commands;  ///< for one, by its name
  std::string storage;                         ///< the section of that name, as YAML
};

/// The options of each command, by name.
using OptionNames = std::map<std::string, std::set<std::string>>;

/// Reads YAML text; `name` is for messages, `options` are the keys that there are. kInvalidArgument with the line: an
/// unknown key, one said twice, a mapping where a value should be, "${" (variables are not replaced), a section
/// `storage` that makes no sense.
Result<ConfigFile> parse_config(const std::string& yaml, const std::string& name, const OptionNames& options);

/// Reads the file at `path`. kInvalidArgument when that cannot be read or is a folder, and as parse_config().
Result<ConfigFile> load_config(const std::string& path, const OptionNames& options);

/// The settings in a section `storage`; `where` is for messages. kInvalidArgument with the line.
Result<storage::StorageSettings> parse_storage(const std::string& yaml, const std::string& where);

}  // namespace earthcatalog::config
