// Lists of data files: AWS's manifest.json and Hive's symlink.txt. Pure parsing, no input or output. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/formats/columns.h"
#include "earthcatalog/inventory/formats/detect.h"
#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

struct ManifestFile {
  std::string key;
  std::int64_t size_bytes = -1;  ///< -1: not said
  std::string md5;               ///< 32 lower-case hexadecimal digits; empty: not said
};

/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
struct Manifest {
  FileKind format = FileKind::kCsvGzip;
  std::string destination_bucket;    ///< where the files are; without "arn:aws:s3:::"
  std::optional<ColumnMap> columns;  ///< of CSV files, from fileSchema
  std::vector<ManifestFile> files;
};

/// kInvalidData for anything that is not such a manifest, naming the member (or the byte) at fault.
Result<Manifest> parse_manifest(std::string_view json);

/// The URIs that a symlink.txt lists, one a line. kInvalidData when there are none.
Result<std::vector<std::string>> parse_symlink(std::string_view text);

/// `key` with every run of slashes made one.
std::string without_doubled_slashes(std::string_view key);

}  // namespace earthcatalog::inventory
