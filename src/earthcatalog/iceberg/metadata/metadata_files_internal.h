// The files of a table's metadata folder: names, reading, writing, and the hint for readers without a catalog.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/catalog.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::iceberg {

/// The object at a URI; kNotFound names it and says `what` it is ("manifest list of snapshot 7").
/// As read_object(), of an object that is never written again: kept in the stores' cache when it is far away.
Result<std::string> read_immutable(storage::Stores& stores, const std::string& uri, std::string_view what);
Result<std::string> read_object(storage::Stores& stores, const std::string& uri, std::string_view what);
Status write_object(storage::Stores& stores, const std::string& uri, std::string_view bytes);
/// Calls `visit` for each of `manifests` with its bytes, in their order. A few at a time are read side by side: memory
/// is about 8 MiB, or one manifest.
Status read_manifests(storage::Stores& stores, std::span<const ManifestFile> manifests,
                      const std::function<Status(const ManifestFile&, const std::string& bytes)>& visit);
/// Best effort; the first error is returned after all were tried.
Status remove_objects(storage::Stores& stores, const std::vector<std::string>& uris);
/// Makes durable what was written to the stores of these URIs, once for each store.
Status make_durable(storage::Stores& stores, const std::vector<std::string>& uris);

/// write.metadata.path, else <location>/metadata.
std::string metadata_folder(const TableMetadata& metadata);
/// "<folder>/00007-<uuid>.metadata.json" for the metadata that follow on those at `previous` (empty: the first).
std::string next_metadata_location(const TableMetadata& metadata, std::string_view previous);

/// Writes version-hint.text for the metadata at `location`, and again until it names what the catalog points to: of
/// two committers the slower one must not leave the older name.
Status write_version_hint(storage::Stores& stores, Catalog& catalog, const TableIdentifier& table,
                          const std::string& folder, std::string location);

}  // namespace earthcatalog::iceberg
