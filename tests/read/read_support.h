// What the tests of the read face share: a table of three snapshots in memory.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "catalog/table_support.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/read/table_reader.h"

namespace earthcatalog::read {

inline constexpr const char* kCatalog = "memory://read/catalog.db";
inline constexpr const char* kWarehouse = "memory://read/wh";
inline constexpr const char* kNorth = "81063ffffffffff";
inline constexpr const char* kSouth = "81067ffffffffff";

/// A file that nobody reads, in the manifest alone; 100 bytes.
inline iceberg::DataFile file_of(const std::string& name, const std::string& cell, std::optional<int> year,
                                 std::int64_t rows) {
  iceberg::DataFile file;
  file.file_path = std::string(kWarehouse) + "/" + name;
  file.record_count = rows;
  file.file_size_in_bytes = 100;
  file.partition.cell = cell;
  if (year) file.partition.year_since_1970 = *year - 1970;
  return file;
}

inline std::vector<std::string> files_of(const TableReader& table, const iceberg::FileFilter& filter = {}) {
  std::vector<std::string> names;
  EXPECT_TRUE(table.list_files({.filter = filter}, [&](iceberg::DataFile&& file) -> Status {
    names.push_back(file.file_path.substr(file.file_path.rfind('/') + 1));
    return {};
  }));
  std::ranges::sort(names);
  return names;
}

/// Commits by the write side, a minute apart.
class ReadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog::test_time = catalog::kTestStart;
    catalog::living.clear();
  }

  std::unique_ptr<catalog::Catalog> writer() {
    auto options = catalog::writer_options(kCatalog, kWarehouse, "r1", catalog::made_up_host("a", 1));
    options.schema = schema_;
    return catalog::Catalog::open(stores_, options).value();
  }

  std::int64_t commit(const catalog::CommitRequest& request) {
    const auto catalog = writer();
    const auto done = catalog->commit(request).value();
    EXPECT_TRUE(catalog->close());
    catalog::pass_seconds(60);
    return done.snapshot_id.value_or(0);
  }

  /// north_2020 and south_2021; then north_2021 too; then without south_2021.
  std::vector<std::int64_t> make_table() {
    catalog::CommitRequest first, second, third;
    first.added = {file_of("north_2020", kNorth, 2020, 2), file_of("south_2021", kSouth, 2021, 1)};
    second.added = {file_of("north_2021", kNorth, 2021, 3)};
    third.removed = {file_of("south_2021", kSouth, 2021, 1)};
    return {commit(first), commit(second), commit(third)};
  }

  TableReader open(std::optional<std::int64_t> snapshot = {}) {
    return TableReader::open(stores_, {.catalog = kCatalog, .snapshot_id = snapshot}).value();
  }

  /// The beginning of the minute in which snapshot `number` (from 0) was made.
  static TimeMicros time_of(int number) { return catalog::kTestStart + number * 60 * kMicrosPerSecond; }

  stac::SchemaKind schema_ = stac::SchemaKind::kItslive;
  storage::Stores stores_{{}};
};

}  // namespace earthcatalog::read
