// The objects below a prefix or folder as an inventory. Internal to the module.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/inventory/formats/row.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

struct Listing {
  std::unique_ptr<RowReader> rows;
  std::string prefix;  ///< what "bucket/key" of all its objects begins with
};

/// Lists `at` (its key is a prefix). An object's bucket is the first name below `source_root`, its key the rest.
/// kInvalidArgument when `at` does not lie below `source_root`. The listing runs on a thread of its own, a few
/// thousand objects ahead of the reader.
Result<Listing> open_listing_rows(storage::Stores& stores, const storage::Location& at, const std::string& source_root);

}  // namespace earthcatalog::inventory
