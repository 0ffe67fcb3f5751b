// Lists of objects, as a stream: S3 Inventory in CSV, CSV.gz, Parquet or ORC, its manifest.json or symlink.txt, our
// own CSV, the NDJSON problems file of an earlier run, or the listing of a prefix or folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

/// Spelling of keys. By format: CSV with a header, Parquet, ORC: as they are; CSV without a header: URL-encoded once,
/// as AWS writes it. Listings and problems files hold true names whatever is asked.
enum class KeyEncoding : std::uint8_t { kByFormat, kRaw, kUrl };

struct InventoryOptions {
  std::string suffix = ".stac.json";       ///< only keys that end so are items
  std::optional<TimeMicros> since = {};    ///< rows last modified before it are passed over
  std::optional<std::int64_t> limit = {};  ///< the first N keys after suffix and since; 0: all, as without
  KeyEncoding key_encoding = KeyEncoding::kByFormat;
  std::string source_root = "s3://";  ///< where buckets are, for a listing's bucket names
  /// Makes it an error when no row has the suffix: that is a mistake, not an empty inventory.
  bool needs_items = true;
};

/// rows = items + skipped_versions + skipped_not_pending + skipped_suffix + skipped_since, tested in this order.
struct InventoryCounts {
  std::int64_t rows = 0;   ///< read so far, of any kind
  std::int64_t items = 0;  ///< handed out
  std::int64_t skipped_suffix = 0, skipped_since = 0, skipped_versions = 0;
  std::int64_t skipped_not_pending = 0;  ///< rows of a problems file that name no pending object
  /// Rows with the suffix whose date does not parse; with `since`, those without a date too: they pass.
  std::int64_t dates_unparseable = 0;
  std::string first_other_key;  ///< the first one that was passed over for its suffix
};

/// Facts about an opened inventory.
struct InventoryInfo {
  std::string format;           ///< "csv", "csv.gz", "parquet", "orc", "problems" or "listing"; of the first data file
  std::string list;             ///< "manifest" or "symlink" when data files are named by one, else empty
  std::int64_t data_files = 0;  ///< 0 for a listing
  bool url_encoded = false;     ///< keys are decoded (of the first data file)
  /// The begin of "bucket/key" that all objects of a listing have. It says nothing of others.
  std::string prefix;
  std::string uri = {};  ///< of the file, manifest or folder that was opened
};

/// A stream of objects. Not thread-safe.
class Inventory {
 public:
  virtual ~Inventory() = default;
  /// Fills `batch` with the next objects, at most `most`; an empty batch is the end. An error names the file and the
  /// row or byte. Strings already in `batch` are overwritten in place: pass the same vector again to save allocations.
  virtual Status next(std::vector<storage::ObjectRef>& batch, std::size_t most) = 0;
  virtual InventoryCounts counts() const = 0;
  /// Identifies this inventory for snapshot summaries and tells one from another: a digest of the manifest's data
  /// files and their MD5s, or size + etag of the file. A listing has nothing but its URI.
  virtual std::string identity() const = 0;
  virtual const InventoryInfo& info() const = 0;
  /// Returns how much has been read so far, 0 to 1, by the bytes or rows of its files and by the limit; nothing for a
  /// listing, of which nobody knows the end.
  virtual std::optional<double> share_read() const = 0;
};

/// Returns true for the identity of a listing, which may be another one each time.
bool is_listing(std::string_view identity);

/// Opens by what the URI holds (name, then first bytes); a name that lies about its content is an error that says so.
/// `stores` must outlive the inventory. kNotFound when there is neither an object nor a folder of that name. A folder
/// of inventories stands for the one that find_inventory() chooses.
Result<std::unique_ptr<Inventory>> open_inventory(storage::Stores& stores, std::string_view uri,
                                                  const InventoryOptions& options);

/// `uri` as it is, or the manifest that it stands for when it is a folder of inventories: manifest.json in it, or that
/// of the newest complete inventory in the dated folders that S3 Inventory makes. A run that opens its inventory more
/// than once asks first: the newest one may be another a moment later. kNotFound when none of them is complete; what is
/// wrong with a `uri` of another kind, open_inventory() says.
Result<std::string> find_inventory(storage::Stores& stores, const std::string& uri);

/// Reads all of it, some ten thousand objects at a time; errors of next() and of `visit`.
Status for_each_batch(Inventory& inventory, const std::function<Status(std::span<const storage::ObjectRef>)>& visit);
/// The same, one by one.
Status for_each_object(Inventory& inventory, const std::function<Status(const storage::ObjectRef&)>& visit);
/// Opens an inventory and reads all of it.
Status for_each_object(storage::Stores& stores, std::string_view uri, const InventoryOptions& options,
                       const std::function<Status(const storage::ObjectRef&)>& visit);

/// "2026-01-31" (00:00 UTC), an RFC 3339 instant, or "2d" / "12h" / "30min" before `now`.
Result<TimeMicros> parse_since(std::string_view text, TimeMicros now);

}  // namespace earthcatalog::inventory
