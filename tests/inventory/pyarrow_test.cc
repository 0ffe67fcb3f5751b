// Inventories that pyarrow wrote (tests/data/inventory/make.py), in the types that its users choose.
#include <filesystem>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

TEST_F(InventoryTest, ReadsWhatPyarrowWrites) {
  const TimeMicros noon = parse_time("2026-03-01T12:00:00Z")->micros;
  constexpr TimeMicros kHour = 3600 * kMicrosPerSecond;
  const std::vector<storage::ObjectRef> expected = {
      {"its-live-data", "a/1.stac.json", 4811, noon, "etag0"},
      {"its-live-data", "a/2 +%20.stac.json", 4630, noon + kHour, "etag1"},
      {"its-live-data", "b/ü,\"\n🌍.stac.json", std::nullopt, noon + 2 * kHour, "etag2"}};
  for (const char* name : {"aws.parquet", "aws.orc", "pandas.parquet", "int96.parquet", "nested.parquet"}) {
    const auto path = std::filesystem::absolute("tests/data/inventory") / name;
    const auto all = read("file://" + path.string(), {.since = noon});
    ASSERT_TRUE(all.has_value()) << name << ": " << all.error().message;
    EXPECT_EQ(*all, expected) << name;
    EXPECT_EQ(counts_.rows, 6) << name;
    EXPECT_EQ(counts_.skipped_versions, 2) << name;
    EXPECT_EQ(counts_.skipped_suffix, 1) << name;
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
