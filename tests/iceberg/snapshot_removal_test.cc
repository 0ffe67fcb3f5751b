// Snapshots that leave a table: what else of the metadata goes with them, and what keeps them.
#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::data_file;
using ::testing::ElementsAre;
using testing::IsOk;
using ::testing::SizeIs;
using testing::TableFixture;
using testing::value_of;

TimeMicros now = 0;
TimeMicros moved_clock() { return now; }

class SnapshotRemoval : public TableFixture {
 protected:
  // Four commits, a second apart.
  void SetUp() override {
    for (int i = 1; i <= 4; ++i) {
      now = table_->metadata().last_updated_ms * 1000 + kMicrosPerSecond;
      Transaction change(*table_);
      change.append({data_file("c1", 2020, i)});
      ids_.push_back(*value_of(change.commit(*table_, {.clock = moved_clock})).snapshot_id);
    }
  }

  std::vector<std::int64_t> snapshots() {
    std::vector<std::int64_t> ids;
    const Table fresh = value_of(Table::load(stores_, catalog_));
    for (const auto& snapshot : fresh.metadata().snapshots) ids.push_back(snapshot.snapshot_id);
    return ids;
  }
  std::vector<std::int64_t> logged() {
    std::vector<std::int64_t> ids;
    for (const auto& entry : table_->metadata().snapshot_log) ids.push_back(entry.snapshot_id);
    return ids;
  }
  Result<CommitResult> remove(const std::vector<std::int64_t>& ids) {
    Transaction change(*table_);
    change.remove_snapshots(ids);
    return change.commit(*table_);
  }
  // The table as another engine left it.
  void edit(const std::function<void(TableMetadata&)>& change) {
    TableMetadata metadata = table_->metadata();
    change(metadata);
    const std::string location = table_->metadata_location() + ".edited";
    const auto where = value_of(stores_.locate(location));
    value_of(where.store->put(where.key, to_json(metadata)));
    ASSERT_TRUE(value_of(catalog_.swap({}, table_->metadata_location(), location, {})));
    value_of(table_->refresh());
  }

  std::vector<std::int64_t> ids_;
};

TEST_F(SnapshotRemoval, TheOthersStayAndCanBeRead) {
  ASSERT_THAT(remove({ids_[0], ids_[1]}), IsOk());
  EXPECT_THAT(snapshots(), ElementsAre(ids_[2], ids_[3]));
  EXPECT_THAT(logged(), ElementsAre(ids_[2], ids_[3]));
  EXPECT_THAT(live_files(), SizeIs(4));
  EXPECT_THAT(live_files({.snapshot_id = ids_[2]}), SizeIs(3));
}

// The log must not say that the first was current while the second was.
TEST_F(SnapshotRemoval, TheLogEndsBeforeTheRemovedOne) {
  ASSERT_THAT(remove({ids_[1]}), IsOk());
  EXPECT_THAT(snapshots(), ElementsAre(ids_[0], ids_[2], ids_[3]));
  EXPECT_THAT(logged(), ElementsAre(ids_[2], ids_[3]));
}

TEST_F(SnapshotRemoval, KeepsTheCurrentSnapshotAndThoseOfBranchesAndTags) {
  edit([&](TableMetadata& metadata) {
    metadata.refs["v1"] = {.snapshot_id = ids_[0], .type = "tag", .unknown = {}};
    metadata.refs["audit"] = {.snapshot_id = ids_[2], .type = "branch", .unknown = {}};
  });
  ASSERT_THAT(remove(ids_), IsOk());
  EXPECT_THAT(snapshots(), ElementsAre(ids_[0], ids_[2], ids_[3]));
  EXPECT_EQ(table_->metadata().refs.size(), 3U);
}

TEST_F(SnapshotRemoval, StatisticsGoWithTheirSnapshot) {
  edit([&](TableMetadata& metadata) {
    metadata.unknown = fmt::format(
        R"({{"statistics":[{{"snapshot-id":{0},"statistics-path":"memory://w/a.stats"}},)"
        R"({{"snapshot-id":{1},"statistics-path":"memory://w/b.stats"}}],)"
        R"("partition-statistics":[{{"snapshot-id":{0},"statistics-path":"memory://w/p.stats"}}],"other":1}})",
        ids_[0], ids_[3]);
  });
  EXPECT_THAT(value_of(statistics_files(table_->metadata())), SizeIs(3));
  ASSERT_THAT(remove({ids_[0]}), IsOk());
  EXPECT_THAT(value_of(statistics_files(table_->metadata())), ElementsAre("memory://w/b.stats"));
  EXPECT_NE(table_->metadata().unknown.find("other"), std::string::npos);
}

TEST_F(SnapshotRemoval, IsRebuiltOverAConcurrentCommit) {
  const Table other = value_of(Table::load(stores_, catalog_));
  ASSERT_THAT(append({data_file("c1", 2020, 5)}), IsOk());
  Transaction change(other);
  change.remove_snapshots({ids_[0], ids_[3]});
  ASSERT_THAT(change.commit(*table_), IsOk());
  EXPECT_THAT(snapshots(), SizeIs(3));
  EXPECT_THAT(live_files(), SizeIs(5));
}

TEST_F(SnapshotRemoval, DropsReplacedFilesFromTheMetadataLog) {
  ASSERT_THAT(table_->metadata().metadata_log, SizeIs(4));
  const auto second = table_->metadata().metadata_log[1];
  Transaction change(*table_);
  change.forget_metadata_before(second.timestamp_ms + 1);
  const std::string before = table_->metadata_location();
  ASSERT_THAT(change.commit(*table_), IsOk());
  ASSERT_THAT(table_->metadata().metadata_log, SizeIs(4));
  EXPECT_EQ(table_->metadata().metadata_log[0], second);  // it was current until the third came
  Transaction all(*table_);
  all.forget_metadata_before(INT64_MAX);
  const std::string previous = table_->metadata_location();
  ASSERT_THAT(all.commit(*table_), IsOk());
  ASSERT_THAT(table_->metadata().metadata_log, SizeIs(1));
  EXPECT_EQ(table_->metadata().metadata_log[0].metadata_file, previous);
  EXPECT_TRUE(object(before).has_value());  // files are another matter
}

}  // namespace
}  // namespace earthcatalog::iceberg
