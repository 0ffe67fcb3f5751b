#include "earthcatalog/inventory/inventory.h"

#include <arrow/buffer.h>

#include <algorithm>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/inventory/filtered.h"
#include "earthcatalog/inventory/formats/detect.h"
#include "earthcatalog/inventory/listing_rows.h"
#include "earthcatalog/inventory/manifest/data_files.h"
#include "earthcatalog/inventory/manifest/dated_folders.h"
#include "earthcatalog/inventory/manifest/manifest.h"

namespace earthcatalog::inventory {
namespace {

using storage::Location;

constexpr std::string_view kListing = "listing=";
constexpr std::int64_t kMaxListBytes = 64 << 20;
constexpr std::int64_t kMaxKeptBytes = 4 << 20;

std::string identity_of(const DataFile& file) {
  return file.md5.empty() ? fmt::format("size={} etag={}", file.size_bytes, file.etag) : "md5=" + file.md5;
}

std::string identity_of(const std::vector<DataFile>& files) {
  std::string all;
  for (const DataFile& file : files) all += identity_of(file) + "\n";
  return fmt::format("files={} xxh3={}", files.size(), to_hex(hash128(all)));
}

Result<std::vector<DataFile>> read_list(storage::Stores& stores, const Location& at, FileKind kind) {
  EC_ASSIGN_OR_RETURN(const auto list, at.store->get(at.key));
  if (!list) return fail(ErrorKind::kNotFound, "it does not exist any more");
  if (kind == FileKind::kManifest) {
    EC_ASSIGN_OR_RETURN(const Manifest manifest, parse_manifest(list->bytes));
    return locate_files(stores, at, manifest);
  }
  EC_ASSIGN_OR_RETURN(const auto uris, parse_symlink(list->bytes));
  return locate_files(stores, at, uris);
}

Result<std::unique_ptr<Inventory>> open_list(storage::Stores& stores, const Location& at, FileKind kind,
                                             const storage::ObjectInfo& object, const InventoryOptions& options) {
  if (object.size_bytes > kMaxListBytes) {
    return fail(ErrorKind::kInvalidData, "{}: {} bytes are too many for {}", at.uri(), object.size_bytes,
                to_string(kind));
  }
  EC_ASSIGN_OR_RETURN(auto files, annotate(read_list(stores, at, kind), at.uri()));
  InventoryInfo info{.format = {},
                     .list = kind == FileKind::kManifest ? "manifest" : "symlink",
                     .data_files = static_cast<std::int64_t>(files.size()),
                     .url_encoded = false,
                     .prefix = {},
                     .uri = at.uri()};
  std::string identity = identity_of(files);
  EC_ASSIGN_OR_RETURN(auto opened, annotate(open_rows(std::move(files), options.key_encoding), at.uri()));
  info.format = opened.format;
  info.url_encoded = opened.url_encoded;
  return std::make_unique<FilteredInventory>(std::move(opened.rows), options, std::move(info), std::move(identity));
}

Result<std::unique_ptr<Inventory>> open_file(storage::Stores& stores, const Location& at,
                                             const storage::ObjectInfo& object, const InventoryOptions& options) {
  // A small far file comes by one request, and not by one for its first bytes, one for its footer and so on.
  const bool whole = object.size_bytes <= kMaxKeptBytes && at.store->capabilities().far;
  constexpr auto kLeast = static_cast<std::int64_t>(kProbeBytes);
  EC_ASSIGN_OR_RETURN(auto first, at.store->get_range(at.key, 0, whole ? std::max(object.size_bytes, kLeast) : kLeast));
  const auto probe = first ? std::string_view(*first).substr(0, kProbeBytes) : std::string_view();
  EC_ASSIGN_OR_RETURN(const FileKind kind, annotate(detect(at.key, probe), at.uri()));
  if (kind == FileKind::kManifest || kind == FileKind::kSymlink) return open_list(stores, at, kind, object, options);
  DataFile file{
      .location = at, .size_bytes = object.size_bytes, .etag = object.etag, .md5 = {}, .promised = {}, .schema = {}};
  if (whole && first && std::ssize(*first) == object.size_bytes) {
    file.content = arrow::Buffer::FromString(std::move(*first));
  }
  EC_ASSIGN_OR_RETURN(auto opened, open_rows(file, options.key_encoding));
  InventoryInfo info{.format = opened.format,
                     .list = {},
                     .data_files = 1,
                     .url_encoded = opened.url_encoded,
                     .prefix = {},
                     .uri = at.uri()};
  return std::make_unique<FilteredInventory>(std::move(opened.rows), options, std::move(info), identity_of(file));
}

Result<std::unique_ptr<Inventory>> open_folder(storage::Stores& stores, Location at, const InventoryOptions& options) {
  EC_ASSIGN_OR_RETURN(const auto manifest, find_manifest(stores, at));
  if (manifest) {
    EC_ASSIGN_OR_RETURN(const auto object, manifest->store->head(manifest->key));
    if (object) return open_file(stores, *manifest, *object, options);
  }
  if (!at.key.empty()) at.key += '/';
  EC_ASSIGN_OR_RETURN(auto listing, open_listing_rows(stores, at, options.source_root));
  InventoryInfo info{.format = "listing",
                     .list = {},
                     .data_files = 0,
                     .url_encoded = false,
                     .prefix = std::move(listing.prefix),
                     .uri = at.uri()};
  return std::make_unique<FilteredInventory>(std::move(listing.rows), options, std::move(info),
                                             fmt::format("{}{}", kListing, at.uri()));
}

// Returns true when any object lies below the key, taken as a folder.
Result<bool> is_folder(const Location& at) {
  bool found = false;
  auto status = at.store->list(at.key + "/", [&](const storage::ObjectInfo&) -> Status {
    found = true;
    return fail(ErrorKind::kCancelled, "one is enough");
  });
  if (!found) EC_TRY(status);
  return found;
}

Result<std::unique_ptr<Inventory>> open_located(storage::Stores& stores, Location at, bool as_folder,
                                                const InventoryOptions& options) {
  if (at.key.empty()) return open_folder(stores, at, options);
  while (at.key.ends_with('/')) at.key.pop_back();
  if (!as_folder) {
    EC_ASSIGN_OR_RETURN(const auto object, at.store->head(at.key));
    if (object) return open_file(stores, at, *object, options);
  }
  EC_ASSIGN_OR_RETURN(const bool folder, is_folder(at));
  if (folder) return open_folder(stores, at, options);
  return fail(ErrorKind::kNotFound, "{} does not exist: there is {}no folder with files of that name", at.uri(),
              as_folder ? "" : "no file and ");
}

}  // namespace

bool is_listing(std::string_view identity) { return identity.starts_with(kListing); }

Result<std::unique_ptr<Inventory>> open_inventory(storage::Stores& stores, std::string_view uri,
                                                  const InventoryOptions& options) {
  if (options.limit && *options.limit < 0) {
    return fail(ErrorKind::kInvalidArgument, "the limit is {}; expected 0 or more", *options.limit);
  }
  EC_ASSIGN_OR_RETURN(const Location at, annotate(stores.locate(uri), "opening the inventory"));
  auto wanted = options;
  if (wanted.limit == 0) wanted.limit.reset();
  return annotate(open_located(stores, at, uri.ends_with('/'), wanted), "opening the inventory");
}

Result<std::string> find_inventory(storage::Stores& stores, const std::string& uri) {
  EC_ASSIGN_OR_RETURN(Location at, annotate(stores.locate(uri), "opening the inventory"));
  while (at.key.ends_with('/')) at.key.pop_back();
  if (!uri.ends_with('/') && !at.key.empty()) {
    EC_ASSIGN_OR_RETURN(const auto object, annotate(at.store->head(at.key), "opening the inventory"));
    if (object) return uri;
  }
  EC_ASSIGN_OR_RETURN(const auto manifest, annotate(find_manifest(stores, at), "opening the inventory"));
  return manifest ? manifest->uri() : uri;
}

}  // namespace earthcatalog::inventory
