#include "earthcatalog/read/history.h"

#include "read/read_support.h"

namespace earthcatalog::read {
namespace {

using ::testing::HasSubstr;

using HistoryTest = ReadTest;

TEST_F(HistoryTest, TellsTheNewestSnapshotsFirst) {
  const auto ids = make_table();
  const auto history = read_history(open(), 2);
  EXPECT_EQ(history.catalog, kCatalog);
  EXPECT_EQ(history.warehouse, kWarehouse);
  EXPECT_EQ(history.snapshots, 3);
  ASSERT_EQ(history.entries.size(), 2U);
  EXPECT_EQ(history.entries[0].snapshot_id, ids[2]);
  EXPECT_EQ(history.entries[0].time, time_of(2));
  EXPECT_EQ(history.entries[0].files_removed, 1);
  EXPECT_EQ(history.entries[0].rows, 5);
  EXPECT_EQ(history.entries[1].parent, ids[0]);
  EXPECT_EQ(history.entries[1].rows_added, 3);
}

TEST_F(HistoryTest, OlderSnapshotTellsTheWholeHistory) {
  const auto ids = make_table();
  const auto history = read_history(open(ids[0]), 10);
  ASSERT_EQ(history.entries.size(), 3U);
  EXPECT_TRUE(history.entries[0].current);
  EXPECT_FALSE(history.entries[2].current);
}

TEST_F(HistoryTest, NamesRunsOfOursAndOtherEngines) {
  make_table();
  catalog::OtherEngine(stores_, kCatalog).commit({file_of("foreign", kSouth, 2020, 1)}, {});
  const auto history = read_history(open(), 10);
  EXPECT_EQ(history.entries[0].writer, "another engine");
  EXPECT_EQ(history.entries[1].writer, "earthcatalog");
  EXPECT_EQ(history.entries[1].run_id, "r1");
  EXPECT_THAT(to_text(history), HasSubstr("4 of 4 snapshots"));
}

}  // namespace
}  // namespace earthcatalog::read
