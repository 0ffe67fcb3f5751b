// Objects from one place to another.
#pragma once

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

/// Copies an object, by the store itself where both places are in one (ObjectStore::copy), else through this process;
/// false when there is no object `from`.
Result<bool> copy_object(const Location& from, const Location& to, Existing existing);

/// Copies an object piece by piece through this process.
Result<bool> copy_through(ObjectStore& from, std::string_view from_key, ObjectStore& to, std::string_view to_key,
                          Existing existing);

}  // namespace earthcatalog::storage
