#include <algorithm>
#include <charconv>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/iceberg/metadata/random_internal.h"
#include "earthcatalog/storage/object_cache.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::string_view kMetadataSuffix = ".metadata.json";
constexpr std::string_view kVersionHint = "version-hint.text";
// Bytes of manifests that are read side by side.
constexpr std::int64_t kReadAheadBytes = 8 << 20;

std::string_view file_name(std::string_view uri) { return uri.substr(uri.rfind('/') + 1); }

}  // namespace

std::int64_t metadata_version(std::string_view location) {
  const std::string_view name = file_name(location);
  std::int64_t version = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && end != name.data() + name.size() && *end == '-' ? version : -1;
}

Result<std::string> read_object(storage::Stores& stores, const std::string& uri, std::string_view what) {
  EC_ASSIGN_OR_RETURN(const storage::Location where, stores.locate(uri));
  EC_ASSIGN_OR_RETURN(auto object, where.store->get(where.key));
  if (!object) return fail(ErrorKind::kNotFound, "{} {} does not exist", what, uri);
  return std::move(object->bytes);
}

Result<std::string> read_immutable(storage::Stores& stores, const std::string& uri, std::string_view what) {
  constexpr std::string_view kKind = "object";
  const auto& cache = stores.settings().cache;
  const bool may_be_kept = cache != nullptr && !uri.starts_with("file:") && storage::is_write_once(uri);
  if (!may_be_kept) return read_object(stores, uri, what);
  if (const auto kept = cache->find(kKind, uri)) {
    constexpr std::size_t kHashBytes = sizeof(Hash128);
    const auto bytes = kept->bytes();
    if (bytes.size() >= kHashBytes && hash128(bytes.substr(kHashBytes)).view() == bytes.substr(0, kHashBytes)) {
      return std::string(bytes.substr(kHashBytes));
    }
    cache->forget(kKind, uri);
  }
  EC_ASSIGN_OR_RETURN(auto bytes, read_object(stores, uri, what));
  cache->keep(kKind, uri, std::string(hash128(bytes).view()) + bytes);
  return bytes;
}

Status write_object(storage::Stores& stores, const std::string& uri, std::string_view bytes) {
  EC_ASSIGN_OR_RETURN(const storage::Location where, stores.locate(uri));
  EC_ASSIGN_OR_RETURN(const auto put, where.store->put(where.key, bytes, storage::Existing::kRefuse));
  if (put.stored) return {};
  return fail(ErrorKind::kAlreadyExists, "writing {}: another object has that name, and stays", uri);
}

Status read_manifests(storage::Stores& stores, std::span<const ManifestFile> manifests,
                      const std::function<Status(const ManifestFile&, const std::string& bytes)>& visit) {
  const auto parallel = stores.parallel(1);
  while (!manifests.empty()) {
    std::size_t count = 0;
    for (std::int64_t bytes = 0; count < std::min(manifests.size(), parallel.under_way); ++count) {
      bytes += manifests[count].manifest_length;
      if (count > 0 && bytes > kReadAheadBytes) break;
    }
    std::vector<std::string> texts(count);
    EC_TRY(parallel_for(count, parallel, [&](std::size_t i) -> Status {
      EC_ASSIGN_OR_RETURN(texts[i], read_object(stores, manifests[i].manifest_path, "manifest"));
      return {};
    }));
    for (std::size_t i = 0; i < count; ++i) EC_TRY(visit(manifests[i], texts[i]));
    manifests = manifests.subspan(count);
  }
  return {};
}

Status remove_objects(storage::Stores& stores, const std::vector<std::string>& uris) {
  Status first;
  for (const std::string& uri : uris) {
    Result<storage::Location> where = stores.locate(uri);
    Status status = where ? where->store->remove(std::vector{where->key}) : Status(std::unexpected(where.error()));
    if (first && !status) first = std::move(status);
  }
  return first;
}

Status make_durable(storage::Stores& stores, const std::vector<std::string>& uris) {
  std::vector<std::shared_ptr<storage::ObjectStore>> done;
  for (const std::string& uri : uris) {
    EC_ASSIGN_OR_RETURN(const storage::Location where, stores.locate(uri));
    if (std::ranges::find(done, where.store) != done.end()) continue;
    EC_TRY(where.store->make_durable());
    done.push_back(where.store);
  }
  return {};
}

std::string metadata_folder(const TableMetadata& metadata) {
  return storage::place_key(
      metadata.property("write.metadata.path").value_or(storage::join_uri(metadata.location, "metadata")));
}

std::string next_metadata_location(const TableMetadata& metadata, std::string_view previous) {
  const std::int64_t version =
      previous.empty() ? 0 : std::clamp<std::int64_t>(metadata_version(previous), 0, 1 << 30) + 1;
  return storage::join_uri(metadata_folder(metadata),
                           fmt::format("{:05}-{}{}", version, random_uuid(), kMetadataSuffix));
}

Status write_version_hint(storage::Stores& stores, Catalog& catalog, const TableIdentifier& table,
                          const std::string& folder, std::string location) {
  const std::string hint = storage::join_uri(folder, kVersionHint);
  while (true) {
    std::string_view version = file_name(location);
    if (version.ends_with(kMetadataSuffix)) version.remove_suffix(kMetadataSuffix.size());
    EC_ASSIGN_OR_RETURN(const storage::Location where, stores.locate(hint));
    EC_TRY(where.store->put(where.key, version));
    EC_ASSIGN_OR_RETURN(const auto present, catalog.metadata_location(table));
    if (!present || *present == location) return {};
    location = *present;
  }
}

}  // namespace earthcatalog::iceberg
