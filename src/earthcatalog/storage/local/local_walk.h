#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

/// Visits the files below `root` (no slash at its end) whose path from there begins with `prefix`, in bytewise order of
/// that path. Holds the names of one folder a level, never the whole tree; goes only into folders that the prefix
/// allows, through symbolic links too, but not in circles. Hidden names (kHiddenPrefix) are passed over.
Status walk_folder(const std::string& root, std::string_view prefix,
                   const std::function<Status(const ObjectInfo&)>& visit);

/// The files that walk_folder() passes over: those being written, locks, and what killed writers left of them.
Status walk_hidden(const std::string& root, std::string_view prefix,
                   const std::function<Status(const ObjectInfo&)>& visit);

}  // namespace earthcatalog::storage
