// The files that hold an inventory's rows: where they are, whether they are whole, and their rows one after the
// other. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/formats/columns.h"
#include "earthcatalog/inventory/formats/detect.h"
#include "earthcatalog/inventory/formats/row.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/inventory/manifest/manifest.h"
#include "earthcatalog/storage/stores.h"

namespace arrow {
class Buffer;
}

namespace earthcatalog::inventory {

struct DataFile {
  storage::Location location;
  std::int64_t size_bytes = 0;
  std::string etag;
  std::string md5;                                   ///< what the manifest says; empty: nothing
  std::optional<FileKind> promised;                  ///< by the manifest
  std::optional<ColumnMap> schema;                   ///< of a CSV file, from the manifest
  std::shared_ptr<arrow::Buffer> content = nullptr;  ///< all of it, where it was read already

  std::string uri() const { return location.uri(); }
};

/// Finds every file of the manifest at `manifest_at`: in its destination bucket, or, for a manifest that is not on S3
/// (a copy, or our own) and has its first file below one of the folders above it, there. A key with "//" that is
/// missing is tried without the doubling. kNotFound names the first file that is nowhere.
Result<std::vector<DataFile>> locate_files(storage::Stores& stores, const storage::Location& manifest_at,
                                           const Manifest& manifest);

/// Finds every file that the symlink.txt at `symlink_at` lists; relative names count from its folder.
Result<std::vector<DataFile>> locate_files(storage::Stores& stores, const storage::Location& symlink_at,
                                           const std::vector<std::string>& uris);

struct OpenedRows {
  std::unique_ptr<RowReader> rows;
  std::string format;  ///< as InventoryInfo has it
  bool url_encoded = false;
};

/// Opens one file as what it turns out to be. Its MD5, when known, is verified before the first row is given.
Result<OpenedRows> open_rows(const DataFile& file, KeyEncoding encoding);

/// The rows of all files in order. The first is opened at once.
Result<OpenedRows> open_rows(std::vector<DataFile> files, KeyEncoding encoding);

}  // namespace earthcatalog::inventory
