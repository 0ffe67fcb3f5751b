// What the inventory's tests share: bytes in random chunks, inventories written in each format, a store in memory.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/formats/byte_source.h"
#include "earthcatalog/inventory/inventory.h"

namespace arrow {
class Table;
}

namespace earthcatalog::storage {
inline bool operator==(const ObjectRef& a, const ObjectRef& b) {
  return a.bucket == b.bucket && a.key == b.key && a.size_bytes == b.size_bytes && a.last_modified == b.last_modified &&
         a.etag == b.etag;
}
void PrintTo(const ObjectRef& object, std::ostream* out);
}  // namespace earthcatalog::storage

namespace earthcatalog::inventory {

/// Text that arrives in chunks of the given sizes, over and over.
class ChunkSource final : public ByteSource {
 public:
  explicit ChunkSource(std::string text, std::vector<std::size_t> chunks = {1 << 16})
      : text_(std::move(text)), chunks_(std::move(chunks)) {}
  Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string text_;
  std::vector<std::size_t> chunks_;
  std::size_t at_ = 0, calls_ = 0;
};

std::string gzip(std::string_view text);
std::string md5_hex(std::string_view bytes);
std::string csv_quote(std::string_view field);

/// How the columns of to_table() are typed.
struct TableTypes {
  enum class Text { kString, kLargeString, kDictionary, kStringView } text = Text::kString;
  enum class Time { kString, kSeconds, kMillis, kMicros, kNanos, kMicrosUtc } time = Time::kMicrosUtc;
  bool size_int32 = false;
  std::int64_t row_group_rows = 1000;
};
std::shared_ptr<arrow::Table> to_table(const std::vector<storage::ObjectRef>& objects, const TableTypes& types);
std::string to_parquet(const arrow::Table& table, std::int64_t row_group_rows = 1000);
std::string to_orc(const arrow::Table& table);
std::string to_csv(const std::vector<storage::ObjectRef>& objects);
/// Without header, every field quoted, keys URL-encoded: as AWS writes it.
std::string to_aws_csv(const std::vector<storage::ObjectRef>& objects);

/// A test with a store in memory, memory://test/.
class InventoryTest : public testing::Test {
 protected:
  void put(std::string_view key, std::string_view bytes);
  Result<std::unique_ptr<Inventory>> open(std::string_view key, const InventoryOptions& options = {});
  /// Everything in it, or the error of opening or reading.
  Result<std::vector<storage::ObjectRef>> read(std::string_view key, const InventoryOptions& options = {});
  std::vector<std::string> keys(std::string_view key, const InventoryOptions& options = {});
  /// The error message of opening and reading; fails the test when there is none.
  std::string error(std::string_view key, const InventoryOptions& options = {});

  storage::Stores stores_{storage::StorageSettings{}};
  InventoryCounts counts_;  ///< of what was read last
};

Result<std::vector<storage::ObjectRef>> read_all(Inventory& inventory, std::size_t batch = 7);

}  // namespace earthcatalog::inventory
