// Lists of objects, as a stream: S3 Inventory in CSV, CSV.gz, Parquet or ORC, its manifest.json or symlink.txt, our
// own CSV, the NDJSON problems file of an earlier run, or the listing of a prefix or folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

enum class KeyEncoding : std::uint8_t { kByFormat, kRaw, kUrl };

struct InventoryOptions {
  std::string suffix = ".stac.json";     ///< only keys that end so are items
  std::optional<TimeMicros> since;       ///< rows last modified before it are passed over
  std::optional<std::int64_t> limit;     ///< the first N keys after suffix and since
  KeyEncoding key_encoding = KeyEncoding::kByFormat;
  std::string source_root = "s3://";     ///< where buckets are, for a listing's bucket names
};

struct InventoryCounts {
  std::int64_t rows = 0;      ///< read so far, of any kind
  std::int64_t items = 0;     ///< handed out
  std::int64_t skipped_suffix = 0, skipped_since = 0, skipped_versions = 0;
  std::int64_t dates_unparseable = 0;
};

/// A stream of objects. Not thread-safe.
class Inventory {
 public:
  virtual ~Inventory() = default;
  /// Fills `batch` with the next objects, at most `most`; an empty batch is the end. An error names the file and the
  /// row or byte.
  virtual Status next(std::vector<storage::ObjectRef>& batch, std::size_t most) = 0;
  virtual InventoryCounts counts() const = 0;
  /// What this inventory is, for snapshot summaries and for telling one from another: manifest MD5s, or size + etag.
  virtual std::string identity() const = 0;
};

/// Opens by what the URI holds (name, then first bytes); a name that lies about its content is an error that says so.
Result<std::unique_ptr<Inventory>> open_inventory(storage::Stores& stores, std::string_view uri,
                                                  const InventoryOptions& options);

/// "2026-01-31", an RFC 3339 instant, or "2d" / "12h" before `now`.
Result<TimeMicros> parse_since(std::string_view text, TimeMicros now);

}  // namespace earthcatalog::inventory
