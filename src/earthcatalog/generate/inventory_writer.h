// The inventories beside a made-up archive, in each format. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::generate {

struct InventoryRow {
  std::string key;
  std::int64_t size_bytes = 0;
  TimeMicros last_modified = 0;
};

/// A place for inventories: a store, a prefix ("" or "x/"), and the bucket that rows name.
struct InventoryPlace {
  std::shared_ptr<storage::ObjectStore> store;
  std::string prefix;
  std::string bucket;
};

/// Not thread-safe.
class InventoryWriter {
 public:
  virtual ~InventoryWriter() = default;
  virtual Status add(const std::vector<InventoryRow>& rows) = 0;
  /// Completes the inventory, which appears only now, and gives its URI.
  virtual Result<std::string> finish() = 0;
};

Result<std::unique_ptr<InventoryWriter>> make_csv_writer(const InventoryPlace& place);
/// As AWS writes it: gzip, no header, every field quoted, keys URL-encoded.
Result<std::unique_ptr<InventoryWriter>> make_aws_csv_writer(const InventoryPlace& place);
Result<std::unique_ptr<InventoryWriter>> make_parquet_writer(const InventoryPlace& place);
/// `part_rows` rows in each data file.
Result<std::unique_ptr<InventoryWriter>> make_manifest_writer(const InventoryPlace& place, std::int64_t part_rows);

}  // namespace earthcatalog::generate
