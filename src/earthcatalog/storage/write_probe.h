// Whether a place takes new objects.
#pragma once

#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

/// Tells by trying whether new objects can be created below the URI `folder`: before hours are spent on what then
/// cannot be stored. Removes what it wrote, where that is permitted. Errors are those of the store.
Status probe_writable(Stores& stores, const std::string& folder);

}  // namespace earthcatalog::storage
