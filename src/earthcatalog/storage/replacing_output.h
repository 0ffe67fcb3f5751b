// Writes an object of any size in the place of the one that was read before, and not over anybody else's.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

struct ReplacingOptions {
  /// The etag of the object to be replaced; none: there must be none.
  std::optional<std::string> etag_before;
  /// Bytes up to which the object is gathered in memory and put on condition of `etag_before`, where the store can do
  /// that. What is larger is streamed, and looks at the etag just before it appears: the moment in between is not
  /// covered.
  std::int64_t gather_bytes = 256 << 20;
};

/// The object appears, whole, at Close(), which fails with kConflict when another writer was first. `where.store`
/// must outlive it.
std::shared_ptr<arrow::io::OutputStream> open_replacing(Location where, ReplacingOptions options);

}  // namespace earthcatalog::storage
