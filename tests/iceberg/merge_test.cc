// Manifests stay few, and what keeps them few has a bounded cost.
#include "earthcatalog/iceberg/manifest/manifest_merge_internal.h"
#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::data_file;
using ::testing::ElementsAre;
using ::testing::Le;
using ::testing::SizeIs;
using testing::value_of;

// Manifests of these lengths, newest first, as the lengths of the groups that they are cut into.
std::vector<std::vector<std::int64_t>> plan(const std::vector<std::int64_t>& lengths, const MergeSettings& settings) {
  std::vector<ManifestFile> manifests;
  for (const std::int64_t length : lengths) manifests.emplace_back().manifest_length = length;
  std::vector<std::vector<std::int64_t>> groups;
  for (const auto& group : plan_merge(manifests, settings)) {
    groups.emplace_back();
    for (const auto& manifest : group) groups.back().push_back(manifest.manifest_length);
  }
  return groups;
}

using Lengths = std::vector<std::int64_t>;

TEST(PlanMerge, LeavesFewManifestsAlone) {
  EXPECT_THAT(plan({1, 2, 3}, {.target_bytes = 100, .min_count_to_merge = 4}),
              ElementsAre(Lengths{1}, Lengths{2}, Lengths{3}));
}

TEST(PlanMerge, MergesWhenThereAreEnough) {
  EXPECT_THAT(plan({1, 2, 3, 4}, {.target_bytes = 100, .min_count_to_merge = 4}), ElementsAre(Lengths{1, 2, 3, 4}));
}

TEST(PlanMerge, FillsGroupsFromTheOldestOn) {
  EXPECT_THAT(plan({10, 10, 40, 50, 60}, {.target_bytes = 100, .min_count_to_merge = 4}),
              ElementsAre(Lengths{10}, Lengths{10, 40, 50}, Lengths{60}));
  EXPECT_THAT(plan({10, 40, 40, 60}, {.target_bytes = 100, .min_count_to_merge = 4}),
              ElementsAre(Lengths{10}, Lengths{40}, Lengths{40, 60}));
}

TEST(PlanMerge, LeavesLargeManifestsAlone) {
  EXPECT_THAT(plan({500, 500}, {.target_bytes = 100, .min_count_to_merge = 2}),
              ElementsAre(Lengths{500}, Lengths{500}));
}

TEST(PlanMerge, CanBeSwitchedOff) {
  EXPECT_THAT(plan({1, 1, 1}, {.enabled = false, .min_count_to_merge = 2}), SizeIs(3));
}

TEST(PlanMerge, NeverMixesSpecsNorTouchesDeletes) {
  std::vector<ManifestFile> manifests(4);
  manifests[0].partition_spec_id = manifests[2].partition_spec_id = 1;
  manifests[1].content = ManifestContent::kDeletes;
  for (const auto& group : plan_merge(manifests, {.min_count_to_merge = 2})) {
    for (const auto& manifest : group) {
      EXPECT_EQ(manifest.partition_spec_id, group.front().partition_spec_id);
      EXPECT_TRUE(group.size() == 1 || manifest.content == ManifestContent::kData);
    }
  }
}

class MergeTest : public testing::TableFixture {
 protected:
  MergeTest()
      : TableFixture({{"commit.manifest.min-count-to-merge", "10"}, {"commit.manifest.target-size-bytes", "20000"}}) {}
};

TEST_F(MergeTest, KeepsManifestsFewAtConstantCost) {
  std::int64_t written_early = 0, written_late = 0;
  for (int i = 0; i < 120; ++i) {
    value_of(append({data_file("c", 2020, 2 * i), data_file("d", 2021, 2 * i + 1)}));
    std::int64_t written = 0;
    const auto manifests = value_of(table_->manifests());
    for (const auto& manifest : manifests) {
      if (manifest.added_snapshot_id == table_->current_snapshot()->snapshot_id) written += manifest.manifest_length;
    }
    (i < 60 ? written_early : written_late) += written;
    // As many small ones as may gather, and the full ones: two of these together are more than the target.
    std::int64_t bytes = 0;
    for (const auto& manifest : manifests) bytes += manifest.manifest_length;
    EXPECT_THAT(manifests.size(), Le(10 + 2 * static_cast<std::size_t>(bytes) / 20'000 + 1));
  }
  EXPECT_THAT(written_late, Le(2 * written_early));
  EXPECT_THAT(live_files(), SizeIs(240));
}

TEST_F(MergeTest, EachFileKeepsItsSnapshotAndSequenceNumber) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> expected;
  for (int i = 0; i < 25; ++i) {
    const DataFile file = data_file("c", 2020, i);
    const CommitResult result = value_of(append({file}));
    expected[file.file_path] = {*result.snapshot_id, i + 1};
  }
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> found;
  const auto manifests = value_of(table_->manifests());
  EXPECT_THAT(manifests, SizeIs(Le(10u)));
  for (const auto& manifest : manifests) {
    value_of(read_manifest(object(manifest.manifest_path).value(), manifest, table_->metadata().default_spec(), {},
                           [&](ManifestEntry&& entry) -> Status {
                             found[entry.data_file.file_path] = {*entry.snapshot_id, *entry.sequence_number};
                             EXPECT_EQ(entry.status == ManifestStatus::kAdded,
                                       entry.snapshot_id == manifest.added_snapshot_id);
                             return {};
                           }));
  }
  EXPECT_EQ(found, expected);
}

TEST_F(MergeTest, LeavesNoManifestThatNoSnapshotNames) {
  for (int i = 0; i < 25; ++i) value_of(append({data_file("c", 2020, i)}));
  std::set<std::string> named;
  for (const Snapshot& snapshot : table_->metadata().snapshots) {
    for (const auto& manifest : value_of(table_->manifests(snapshot.snapshot_id))) named.insert(manifest.manifest_path);
  }
  const std::size_t there = std::ranges::count_if(objects(warehouse_), [](const std::string& key) {
    return key.ends_with(".avro") && key.find("/snap-") == key.npos;
  });
  EXPECT_EQ(there, named.size());
}

}  // namespace
}  // namespace earthcatalog::iceberg
