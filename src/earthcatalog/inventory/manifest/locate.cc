#include "earthcatalog/inventory/manifest/data_files.h"

namespace earthcatalog::inventory {
namespace {

using storage::Location;

// The object at `at`, or at its key without doubled slashes, or nothing.
Result<std::optional<DataFile>> find(Location at) {
  EC_ASSIGN_OR_RETURN(auto info, at.store->head(at.key));
  if (!info) {
    std::string single = without_doubled_slashes(at.key);
    if (single == at.key) return std::nullopt;
    EC_ASSIGN_OR_RETURN(info, at.store->head(single));
    if (!info) return std::nullopt;
    at.key = std::move(single);
  }
  return DataFile{.location = std::move(at),
                  .size_bytes = info->size_bytes,
                  .etag = info->etag,
                  .md5 = {},
                  .promised = {},
                  .schema = {}};
}

// Finds a copied manifest's data: below its own folder and each folder above.
Result<std::optional<DataFile>> find_beside(const Location& manifest_at, const std::string& key) {
  std::string folder = manifest_at.key;
  do {
    const auto slash = folder.rfind('/');
    folder.resize(slash == std::string::npos ? 0 : slash);
    EC_ASSIGN_OR_RETURN(auto found, find({manifest_at.store, folder.empty() ? key : folder + "/" + key}));
    if (found) return found;
  } while (!folder.empty());
  return std::nullopt;
}

Result<std::optional<DataFile>> find_in_bucket(storage::Stores& stores, const Manifest& manifest,
                                               const std::string& key) {
  // A key may hold what a URI cannot spell, so only the bucket is looked up by URI.
  EC_ASSIGN_OR_RETURN(Location at, stores.locate(fmt::format("s3://{}/", manifest.destination_bucket)));
  at.key = key;
  return find(std::move(at));
}

// A copied manifest has its data files beside it, all of them, or none.
Result<bool> is_beside(const Location& manifest_at, const Manifest& manifest) {
  if (manifest_at.uri().starts_with("s3://") || manifest.files.empty()) return false;
  EC_ASSIGN_OR_RETURN(const auto first, find_beside(manifest_at, manifest.files.front().key));
  return first.has_value();
}

}  // namespace

Result<std::vector<DataFile>> locate_files(storage::Stores& stores, const Location& manifest_at,
                                           const Manifest& manifest) {
  EC_ASSIGN_OR_RETURN(const bool beside, is_beside(manifest_at, manifest));
  std::vector<DataFile> files;
  for (const ManifestFile& listed : manifest.files) {
    EC_ASSIGN_OR_RETURN(auto found,
                        beside ? find_beside(manifest_at, listed.key) : find_in_bucket(stores, manifest, listed.key));
    if (!found) {
      return fail(ErrorKind::kNotFound, "the data file {} does not exist{}", listed.key,
                  beside ? " beside the manifest, where others are"
                         : fmt::format(" in the manifest's bucket s3://{}", manifest.destination_bucket));
    }
    DataFile file = *std::move(found);
    if (listed.size_bytes >= 0 && listed.size_bytes != file.size_bytes) {
      return fail(ErrorKind::kInvalidData, "the data file {} has {} bytes; the manifest says {}", file.uri(),
                  file.size_bytes, listed.size_bytes);
    }
    file.md5 = listed.md5;
    file.promised = manifest.format;
    file.schema = manifest.columns;
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::vector<DataFile>> locate_files(storage::Stores& stores, const Location& symlink_at,
                                           const std::vector<std::string>& uris) {
  std::vector<DataFile> files;
  for (const std::string& uri : uris) {
    Location at = symlink_at;
    if (uri.find(":/") != std::string::npos || uri.starts_with('/')) {
      EC_ASSIGN_OR_RETURN(at, stores.locate(uri));
    } else {
      at.key = symlink_at.key.substr(0, symlink_at.key.rfind('/') + 1) + uri;
    }
    EC_ASSIGN_OR_RETURN(auto found, find(at));
    if (!found) return fail(ErrorKind::kNotFound, "the data file {} does not exist", at.uri());
    files.push_back(*std::move(found));
  }
  return files;
}

}  // namespace earthcatalog::inventory
