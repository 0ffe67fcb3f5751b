// What expire removes, what it keeps, and when it removes nothing.
#include "earthcatalog/maintenance/expire/expire.h"

#include "maintenance/maintenance_support.h"

namespace earthcatalog::maintenance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class Expiring : public ::testing::Test {
 protected:
  Expiring() : warehouse_(fmt::format("expire{}", tests_++)), history_(warehouse_) {}

  maintenance::ExpireSpec spec(std::int64_t older_than_hours = 24) const {
    maintenance::ExpireSpec spec;
    spec.catalog = warehouse_.options(2);
    spec.catalog.warehouse.clear();
    spec.older_than_seconds = older_than_hours * kHour;
    return spec;
  }
  // The error's message, or "".
  std::string run(const maintenance::ExpireSpec& spec, const maintenance::ExpireHooks& hooks = {}) {
    report_ = {};
    const auto status = maintenance::run_expire(warehouse_.stores, spec, hooks, report_);
    expect_sums(report_);
    if (status) return "";
    kind_ = status.error().kind;
    return status.error().message;
  }
  std::vector<std::int64_t> snapshots() {
    std::vector<std::int64_t> ids;
    const auto table = warehouse_.table();
    for (const auto& snapshot : table.metadata().snapshots) ids.push_back(snapshot.snapshot_id);
    return ids;
  }
  std::set<std::string> manifests_of(std::int64_t snapshot) {
    std::set<std::string> paths;
    const auto manifests = warehouse_.table().manifests(snapshot).value();
    for (const auto& manifest : manifests) paths.insert(manifest.manifest_path);
    return paths;
  }

  static inline int tests_ = 0;
  Warehouse warehouse_;
  History history_;
  maintenance::ExpireReport report_;
  ErrorKind kind_{};
};

// 24 hours ago the second state was the table's: a reader that began then still finds it.
TEST_F(Expiring, KeepsSnapshotsWithinTheTime) {
  EXPECT_EQ(run(spec()), "");
  EXPECT_THAT(snapshots(), ElementsAre(history_.second, history_.third));
  EXPECT_THAT(warehouse_.data_files(),
              UnorderedElementsAre("b.parquet", "c.parquet", "d.parquet", "under_way.parquet"));
  warehouse_.expect_whole();
  EXPECT_EQ(report_.snapshots_before(), 3);
  EXPECT_EQ(report_.snapshots_kept, 2);
  ASSERT_EQ(report_.snapshots_removed.size(), 1U);
  EXPECT_EQ(report_.snapshots_removed[0].snapshot_id, history_.first);
  EXPECT_EQ(report_.places[0].place, "data");
  EXPECT_EQ(report_.places[0].removed, (maintenance::FileCount{.files = 2, .bytes = 20}));
  EXPECT_EQ(report_.places[0].too_young, (maintenance::FileCount{.files = 1, .bytes = 10}));
  EXPECT_EQ(report_.places[0].live, (maintenance::FileCount{.files = 3, .bytes = 30}));
}

TEST_F(Expiring, RemovesUnnamedPartsIndexRunsAndMetadata) {
  const auto before = warehouse_.keys();
  EXPECT_EQ(run(spec()), "");
  const auto after = warehouse_.keys();
  for (const char* key :
       {"wh/_parts/run0/part", "wh/earthcatalog/stac_items/metadata/lost-m0.avro", "wh_objects/lost.parquet"}) {
    EXPECT_TRUE(before.contains(key)) << key;
    EXPECT_FALSE(after.contains(key)) << key;
  }
  EXPECT_TRUE(after.contains("wh/earthcatalog/stac_items/metadata/version-hint.text"));
  EXPECT_EQ(report_.total().removed.files, std::ssize(before) + 1 - std::ssize(after));  // and a commit's metadata
}

TEST_F(Expiring, ASecondRunHasNothingToDo) {
  EXPECT_EQ(run(spec()), "");
  const auto after = warehouse_.keys();
  EXPECT_EQ(run(spec()), "");
  EXPECT_EQ(warehouse_.keys(), after);
  EXPECT_THAT(report_.snapshots_removed, IsEmpty());
  EXPECT_EQ(report_.total().removed, maintenance::FileCount());
}

TEST_F(Expiring, ZeroAgeKeepsOnlyTheCurrentState) {
  EXPECT_EQ(run(spec(0)), "");
  EXPECT_THAT(snapshots(), ElementsAre(history_.third));
  EXPECT_THAT(warehouse_.data_files(), UnorderedElementsAre("b.parquet", "c.parquet", "d.parquet"));
  warehouse_.expect_whole();
}

TEST_F(Expiring, KeepsTheNewestSnapshotsAtAnyAge) {
  auto all = spec(0);
  all.retain_last = 3;
  EXPECT_EQ(run(all), "");
  EXPECT_EQ(snapshots().size(), 3U);
  EXPECT_TRUE(warehouse_.data_files().contains("a.parquet"));
  all.retain_last = 2;
  EXPECT_EQ(run(all), "");
  EXPECT_THAT(snapshots(), ElementsAre(history_.second, history_.third));
  warehouse_.expect_whole();
}

TEST_F(Expiring, KeepsTaggedSnapshots) {
  const auto table = warehouse_.table();
  auto metadata = table.metadata();
  metadata.refs["v1"] = {.snapshot_id = history_.first, .type = "tag", .unknown = {}};
  warehouse_.overwrite(table.metadata_location(), iceberg::to_json(metadata));
  EXPECT_EQ(run(spec(0)), "");
  EXPECT_THAT(snapshots(), ElementsAre(history_.first, history_.third));
  EXPECT_TRUE(warehouse_.data_files().contains("a.parquet"));
  warehouse_.expect_whole();
}

// As Spark writes them: statistics of the table's columns, and by partition in a Parquet file.
TEST_F(Expiring, RemovesForeignStatisticsWithTheirSnapshot) {
  const std::string folder = "earthcatalog/stac_items/metadata/";
  const auto table = warehouse_.table();
  auto metadata = table.metadata();
  metadata.unknown = fmt::format(
      R"({{"statistics":[{{"snapshot-id":{0},"statistics-path":"{2}old.stats"}},)"
      R"({{"snapshot-id":{1},"statistics-path":"{2}new.stats"}}],)"
      R"("partition-statistics":[{{"snapshot-id":{0},"statistics-path":"{2}partition-stats-1-old.parquet"}},)"
      R"({{"snapshot-id":{1},"statistics-path":"{2}partition-stats-2-new.parquet"}}]}})",
      history_.first, history_.third, warehouse_.uri(folder));
  warehouse_.overwrite(table.metadata_location(), iceberg::to_json(metadata));
  for (const char* name : {"old.stats", "new.stats", "partition-stats-1-old.parquet", "partition-stats-2-new.parquet",
                           "partition-stats-3-nobodys.parquet"}) {
    warehouse_.put(folder + name);
  }
  auto dry = spec(0);
  dry.dry_run = true;
  EXPECT_EQ(run(dry), "");
  const auto promised = report_.total().removed;
  EXPECT_EQ(run(spec(0)), "");
  EXPECT_EQ(report_.total().removed, promised);
  EXPECT_TRUE(warehouse_.has(folder + "new.stats"));
  EXPECT_TRUE(warehouse_.has(folder + "partition-stats-2-new.parquet"));
  for (const char* gone : {"old.stats", "partition-stats-1-old.parquet", "partition-stats-3-nobodys.parquet"}) {
    EXPECT_FALSE(warehouse_.has(folder + gone)) << gone;
  }
}

TEST_F(Expiring, ADryRunTellsAndChangesNothing) {
  auto dry = spec();
  dry.dry_run = true;
  std::set<std::string> told;
  const auto before = warehouse_.keys();
  const maintenance::ExpireHooks hooks{.stop = nullptr, .on_dead = [&](const std::string& uri, std::int64_t size) {
                                         EXPECT_GT(size, 0);
                                         told.insert(warehouse_.stores.locate(uri).value().key);
                                       }};
  EXPECT_EQ(run(dry, hooks), "");
  EXPECT_EQ(warehouse_.keys(), before);
  EXPECT_EQ(snapshots().size(), 3U);
  const auto promised = report_.total().removed;
  EXPECT_EQ(run(spec()), "");
  EXPECT_EQ(report_.total().removed, promised);
  std::set<std::string> gone;
  const auto after = warehouse_.keys();
  std::ranges::set_difference(before, after, std::inserter(gone, gone.end()));
  EXPECT_EQ(gone, told);
}

TEST_F(Expiring, UnreadableManifestOfAKeptSnapshotStopsBeforeAnyChange) {
  const std::string manifest = *manifests_of(history_.second).begin();
  warehouse_.overwrite(manifest, "no Avro");
  const auto before = warehouse_.keys();
  EXPECT_THAT(run(spec()), HasSubstr(manifest));
  EXPECT_EQ(warehouse_.keys(), before);
  EXPECT_EQ(snapshots().size(), 3U);
  warehouse_.remove(manifest);
  EXPECT_THAT(run(spec()), HasSubstr(manifest));
  EXPECT_EQ(warehouse_.data_files().size(), 6U);
}

TEST_F(Expiring, UnreadableManifestOfARemovedSnapshotIsIgnored) {
  std::set<std::string> gone = manifests_of(history_.first);
  for (const auto id : {history_.second, history_.third}) {
    for (const auto& kept : manifests_of(id)) gone.erase(kept);
  }
  ASSERT_FALSE(gone.empty());
  for (const auto& manifest : gone) warehouse_.overwrite(manifest, "no Avro");
  EXPECT_EQ(run(spec()), "");
  warehouse_.expect_whole();
}

TEST_F(Expiring, ALostDataFileStopsTheRemoval) {
  warehouse_.remove(warehouse_.uri(std::string(kFolder) + "c.parquet"));
  EXPECT_THAT(run(spec()), AllOf(HasSubstr("c.parquet"), HasSubstr("No file was removed")));
  EXPECT_EQ(kind_, ErrorKind::kInvalidData);
  EXPECT_TRUE(warehouse_.data_files().contains("a.parquet"));
}

// As if the warehouse were reached by a symbolic link: nothing in the listing looks live.
TEST_F(Expiring, FileThatMayBeLiveUnderAnotherNameStopsTheRemoval) {
  auto elsewhere = warehouse_.file("b.parquet");
  elsewhere.file_path = "memory://another/name/of/it/" + std::string(kFolder) + "killed.parquet";
  catalog::CommitRequest request;
  request.added = {elsewhere};
  const auto catalog = catalog::Catalog::open(warehouse_.stores, warehouse_.options()).value();
  ASSERT_TRUE(catalog->commit(request));
  ASSERT_TRUE(catalog->close());
  EXPECT_THAT(run(spec()), AllOf(HasSubstr("killed.parquet"), HasSubstr("two names")));
  EXPECT_TRUE(warehouse_.data_files().contains("a.parquet"));
}

TEST_F(Expiring, AnotherTableInTheSameFolderStopsTheRemoval) {
  auto metadata = warehouse_.table().metadata();
  metadata.table_uuid = "00000000-0000-0000-0000-000000000001";
  warehouse_.put("earthcatalog/stac_items/metadata/00000-other.metadata.json", iceberg::to_json(metadata));
  EXPECT_THAT(run(spec()), AllOf(HasSubstr("00000-other.metadata.json"), HasSubstr("another table")));
  EXPECT_TRUE(warehouse_.data_files().contains("a.parquet"));
}

TEST_F(Expiring, KeepsForeignFilesAndBrokenMetadata) {
  warehouse_.put(std::string(kFolder) + "README.txt");
  warehouse_.put("notes.parquet");
  warehouse_.put("earthcatalog/stac_items/metadata/00001-broken.metadata.json", "{");
  catalog::pass_seconds(100 * kHour);
  EXPECT_EQ(run(spec()), "");
  EXPECT_EQ(report_.total().left.files, 2);
  EXPECT_TRUE(warehouse_.has("notes.parquet"));
  EXPECT_TRUE(warehouse_.has(std::string(kFolder) + "README.txt"));
  EXPECT_TRUE(warehouse_.has("earthcatalog/stac_items/metadata/00001-broken.metadata.json"));
}

TEST_F(Expiring, HeldLockStopsBeforeAnyChange) {
  const auto other = catalog::Catalog::open(warehouse_.stores, warehouse_.options(7)).value();
  const auto before = warehouse_.keys();
  EXPECT_THAT(run(spec()), HasSubstr("CatalogLocked"));
  EXPECT_EQ(warehouse_.keys(), before);
}

TEST_F(Expiring, AMistypedNameCreatesNothing) {
  auto wrong = spec();
  wrong.catalog.catalog = "memory://nowhere/catalog.db";
  EXPECT_THAT(run(wrong), HasSubstr("memory://nowhere/catalog.db"));
  EXPECT_EQ(kind_, ErrorKind::kNotFound);
  int objects = 0;
  const auto count = [&](const storage::ObjectInfo&) -> Status { return ++objects, Status{}; };
  ASSERT_TRUE(warehouse_.stores.locate("memory://nowhere/x")->store->list("", count));
  EXPECT_EQ(objects, 0);
}

TEST_F(Expiring, ConcurrentCommitEndsTheRemovalAndARerunFinishesIt) {
  for (int i = 0; i < 1500; ++i) warehouse_.put(fmt::format("_parts/run1/{:04}", i));
  catalog::pass_seconds(100 * kHour);
  const auto theirs = catalog::write_rows(warehouse_.stores, warehouse_.file("theirs.parquet").file_path,
                                          "81063ffffffffff", 2020, {{.id = "x", .updated = {}}});
  bool committed = false;
  const maintenance::ExpireHooks hooks{.stop = nullptr, .on_dead = [&](const std::string& uri, std::int64_t) {
                                         if (committed || uri.find("_parts") == uri.npos) return;
                                         committed = true;
                                         catalog::OtherEngine other(warehouse_.stores, warehouse_.options().catalog);
                                         other.commit({theirs}, {});
                                       }};
  EXPECT_THAT(run(spec(), hooks), HasSubstr("another writer committed"));
  EXPECT_EQ(kind_, ErrorKind::kConflict);
  EXPECT_EQ(report_.places[1].removed.files, 1000);
  EXPECT_EQ(report_.places[1].not_removed.files, 501);
  EXPECT_EQ(run(spec()), "");
  EXPECT_EQ(report_.places[1].removed.files, 501);
  warehouse_.expect_whole();
}

TEST_F(Expiring, CtrlCEndsItBetweenBatches) {
  const std::atomic<bool> stop{true};
  EXPECT_THAT(run(spec(), {.stop = &stop, .on_dead = {}}), Not(IsEmpty()));
  EXPECT_EQ(kind_, ErrorKind::kCancelled);
  warehouse_.expect_whole();
}

TEST_F(Expiring, TheReportSaysTheSameInBothFormats) {
  EXPECT_EQ(run(spec()), "");
  EXPECT_THAT(maintenance::to_text(report_), HasSubstr("3 before, 1 removed, 2 kept"));
  EXPECT_THAT(maintenance::to_json(report_), AllOf(HasSubstr(R"("before": 3)"), HasSubstr(R"("not_removed")")));
}

}  // namespace
}  // namespace earthcatalog::maintenance
