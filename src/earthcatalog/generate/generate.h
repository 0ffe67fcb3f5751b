// An archive to try things on: STAC items like those of ITS_LIVE (pairs of satellite scenes over glaciers) and
// inventories that list them. Deterministic: item i depends on the seed and i alone, so that a set can be extended and
// two runs agree byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/generate/item.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::generate {

struct InventoryFormats {
  bool csv = true;       ///< inventory.csv: header, keys as they are
  bool csv_gz = true;    ///< inventory.csv.gz: AWS's way: no header, every field quoted, keys URL-encoded
  bool parquet = true;   ///< inventory.parquet: last_modified_date as TIMESTAMP(ms, UTC)
  bool manifest = true;  ///< inventory/manifest.json over inventory/data/part_*.parquet, with MD5s
};

struct GenerateOptions {
  std::int64_t items = 1000;
  std::int64_t start = 0;  ///< number of the first item
  ItemOptions item = {};
  /// A folder (objects at <out>/<bucket>/<key>, inventories at <out>/) or the URI of a bucket, with or without a
  /// prefix (objects and inventories below it).
  std::string out = {};
  std::string bucket = "its-live-data";  ///< of a folder; a URI has its own
  InventoryFormats inventories = {};
  /// What the inventories say, and files have: item i was modified 7 i seconds later. Default 2026-03-01T00:00:00Z. In
  /// a bucket an object's time is when it was written.
  TimeMicros last_modified = 1'772'323'200 * kMicrosPerSecond;
  std::int64_t duplicate_every = 0;  ///< every n-th item again under a second key, `updated` 30 days later; 0: none
  int sidecar_rows = 0;              ///< inventory rows an item that are no items (.nc, .png, ...), without objects
  bool write_objects = true;         ///< false: inventories alone
  std::int64_t manifest_part_rows = 250'000;
  int writers = 0;   ///< threads; 0: one a core for folders, 32 for buckets
  Hooks hooks = {};  ///< its stop ends early, kCancelled
};

struct GenerateReport {
  std::int64_t items = 0, objects = 0, inventory_rows = 0;
  std::int64_t bytes = 0, smallest_bytes = 0, largest_bytes = 0;  ///< of the objects
  double seconds = 0;
  std::vector<std::string> inventories;  ///< URIs
  std::string source_root;               ///< what `--source-root` must say to find the objects
};

/// Writes objects and inventories; existing ones are overwritten. Objects are not synced to disk. kInvalidArgument for
/// options that make no sense; otherwise the first error of a store.
Result<GenerateReport> generate(storage::Stores& stores, const GenerateOptions& options);

}  // namespace earthcatalog::generate
