// Lists of objects in the staging prefix: Parquet inventories that `incremental --inventory` reads as well.
#pragma once

#include <span>

#include "earthcatalog/base/time.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

/// Columns bucket, key, size, last_modified_date, e_tag.
Status write_objects(const storage::Location& where, std::span<const storage::ObjectRef> objects);

/// The same columns, then error and timestamp (when it was tried, `now`).
Status write_pending(const storage::Location& where, std::span<const ingest::PendingObject> objects, TimeMicros now);

}  // namespace earthcatalog::backfill
