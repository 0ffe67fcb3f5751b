#pragma once

#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

/// Tells by trying whether `store` honours put_if_absent: of two creations of a key beginning with `key` the
/// second must be refused. Removes what it wrote. Errors are those of the store (no permission to write, say); that it
/// says kUnsupported is an answer, not an error. A catalog or a lock is kept only where this is true.
Result<bool> probe_conditional_put(ObjectStore& store, std::string_view key);

}  // namespace earthcatalog::storage
