// The object index after others have committed: it says what the table holds.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "catalog/table_support.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/index/index_catch_up.h"
#include "support/index_owners.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CatchUpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_time = kTestStart;
    living.clear();
  }
  std::unique_ptr<Catalog> open(const std::string& run) {
    auto catalog = Catalog::open(stores_, writer_options(kCatalog, kWarehouse, run, made_up_host("a", 1)));
    EXPECT_TRUE(catalog) << catalog.error().message;
    return std::move(*catalog);
  }
  iceberg::DataFile rows(const std::string& name, const std::string& cell, const std::vector<Row>& rows) {
    return write_rows(stores_, kWarehouse + ("/" + name + ".parquet"), cell, 2020, rows);
  }
  // One commit of ours: item "ours" of object "k", in cell "x".
  void commit_ours(Catalog& catalog) {
    CommitRequest request;
    request.added = {rows("ours", "x", {kOurs})};
    request.objects.entries = {object_of("k", kOurs, {"x"}, 2020)};
    const auto done = catalog.commit(request);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<index::ObjectEntry> owners(const Catalog& catalog, const std::string& id) {
    const auto item = identity_hash("c", id);
    return testing::owners_of(catalog.index(), {&item, 1}).value();
  }
  index::ObjectState state(const Catalog& catalog, const std::string& key) {
    const storage::ObjectRef ref{.bucket = "b", .key = key, .size_bytes = {}, .last_modified = {}, .etag = "e-" + key};
    return catalog.index().lookup({&ref, 1}).value().front();
  }

  static constexpr const char* kCatalog = "memory://catch-up/catalog.db";
  static constexpr const char* kWarehouse = "memory://catch-up/wh";
  const Row kOurs{.id = "ours", .updated = 5};
  storage::Stores stores_{{}};
};

TEST_F(CatchUpTest, FindsRowsThatAnotherEngineWrote) {
  commit_ours(*open("r1"));
  OtherEngine(stores_, kCatalog).commit({rows("theirs", "y", {{.id = "theirs", .updated = 7}})}, {});
  const auto catalog = open("r2");
  const auto found = owners(*catalog, "theirs");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].name, "");
  EXPECT_EQ(found[0].updated, 7);
  EXPECT_EQ(found[0].year, 2020);
  EXPECT_THAT(found[0].cells, ElementsAre("y"));
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnchanged);
  EXPECT_THAT(owners(*catalog, "ours"), ElementsAre(object_of("k", kOurs, {"x"}, 2020)));
}

TEST_F(CatchUpTest, ForgetsObjectsWhoseRowsAnotherEngineDeleted) {
  commit_ours(*open("r1"));
  OtherEngine other(stores_, kCatalog);
  other.commit({rows("rest", "x", {{.id = "rest", .updated = 7}})}, {});
  auto removed = iceberg::DataFile{};
  ASSERT_TRUE(other.table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    if (file.file_path.ends_with("ours.parquet")) removed = file;
    return {};
  }));
  other.commit({}, {removed});
  const auto catalog = open("r2");
  EXPECT_THAT(owners(*catalog, "ours"), IsEmpty());
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnknown) << "so that the next run fetches it again";
  EXPECT_THAT(owners(*catalog, "rest"), SizeIs(1));
}

TEST_F(CatchUpTest, ForgetsAllCellsOfAnItemThatLostOne) {
  iceberg::DataFile in_y;
  {
    const auto catalog = open("r1");
    CommitRequest request;
    in_y = rows("ours-y", "y", {kOurs});
    request.added = {rows("ours-x", "x", {kOurs}), in_y};
    const Row older{.id = "ours", .updated = 4};
    request.objects.entries = {object_of("k", kOurs, {"x", "y"}, 2020), object_of("older", older, {}, 2020)};
    ASSERT_TRUE(catalog->commit(request));
    EXPECT_EQ(state(*catalog, "older"), index::ObjectState::kUnchanged);
  }
  OtherEngine(stores_, kCatalog).commit({}, {in_y});
  const auto catalog = open("r2");
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnknown) << "so that the next run fetches it again";
  EXPECT_EQ(state(*catalog, "older"), index::ObjectState::kUnknown) << "it may be all that is left in the bucket";
  const auto left = owners(*catalog, "ours");
  ASSERT_THAT(left, SizeIs(1)) << "so that the row that is left is replaced";
  EXPECT_EQ(left[0].name, "");
  EXPECT_EQ(left[0].updated, 5);
  EXPECT_THAT(left[0].cells, ElementsAre("x"));
}

TEST_F(CatchUpTest, ForgetsASupersededObjectWhenItsForeignRivalIsDeleted) {
  commit_ours(*open("r1"));
  OtherEngine other(stores_, kCatalog);
  iceberg::DataFile ours;
  ASSERT_TRUE(other.table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    ours = file;
    return {};
  }));
  const auto newer = rows("newer", "z", {{.id = "ours", .updated = 9}});
  other.commit({newer}, {ours});
  ASSERT_TRUE(open("r2")->commit({}));
  other.commit({}, {newer});
  const auto catalog = open("r3");
  EXPECT_THAT(owners(*catalog, "ours"), IsEmpty());
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnknown) << "so that the next run fetches it again";
}

TEST_F(CatchUpTest, TagNamesTheIndexedSnapshot) {
  const auto tagged = [](const Catalog& catalog) {
    const auto& refs = catalog.table().metadata().refs;
    const auto tag = refs.find(kIndexTag);
    return tag != refs.end() && tag->second.type == "tag" ? tag->second.snapshot_id : 0;
  };
  const auto current = [](const Catalog& catalog) { return catalog.table().current_snapshot()->snapshot_id; };
  const auto catalog = open("r1");
  commit_ours(*catalog);
  EXPECT_EQ(tagged(*catalog), current(*catalog));
  OtherEngine(stores_, kCatalog).commit({rows("theirs", "y", {{.id = "theirs", .updated = 7}})}, {});
  ASSERT_TRUE(catalog->refresh());
  EXPECT_NE(tagged(*catalog), current(*catalog)) << "the index that the table names is still that of our commit";
  ASSERT_TRUE(catalog->commit({}));
  EXPECT_EQ(tagged(*catalog), current(*catalog));
}

TEST_F(CatchUpTest, ReadsAllRowsWhenTheIndexedSnapshotIsGone) {
  const Row both{.id = "both", .updated = 6}, undated{.id = "undated", .updated = {}};
  iceberg::DataFile in_y;
  {
    const auto catalog = open("r1");
    CommitRequest request;
    in_y = rows("both-y", "y", {both});
    request.added = {rows("x", "x", {kOurs, both, undated}), in_y};
    request.objects.entries = {object_of("k", kOurs, {"x"}, 2020), object_of("k2", both, {"x", "y"}, 2020),
                               object_of("k3", undated, {"x"}, 2020), object_of("old", kOurs, {}, 2020)};
    request.objects.more_items = 3;
    ASSERT_TRUE(catalog->commit(request));
  }
  OtherEngine other(stores_, kCatalog);
  const auto base = other.table().current_snapshot()->snapshot_id;
  other.commit({rows("theirs", "y", {{.id = "theirs", .updated = 7}})}, {in_y});
  iceberg::Transaction expiry(other.table());
  expiry.move_tag(std::string(kIndexTag));
  expiry.remove_snapshots({base});
  ASSERT_TRUE(expiry.commit(other.table()));
  ASSERT_EQ(other.table().metadata().find_snapshot(base), nullptr);

  const auto catalog = open("r2");
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(*catalog, "k2"), index::ObjectState::kUnknown) << "it lost a row";
  EXPECT_EQ(state(*catalog, "k3"), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(*catalog, "old"), index::ObjectState::kUnchanged);
  EXPECT_THAT(owners(*catalog, "ours"), ElementsAre(object_of("k", kOurs, {"x"}, 2020)));
  EXPECT_THAT(owners(*catalog, "theirs"), SizeIs(1));
  EXPECT_EQ(catalog->index().manifest().items, 4);
}

TEST_F(CatchUpTest, ForeignCompactionChangesNothing) {
  commit_ours(*open("r1"));
  OtherEngine other(stores_, kCatalog);
  iceberg::DataFile removed;
  ASSERT_TRUE(other.table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    removed = file;
    return {};
  }));
  other.commit({rows("rewritten", "x", {kOurs})}, {removed});
  const auto catalog = open("r2");
  EXPECT_THAT(owners(*catalog, "ours"), ElementsAre(object_of("k", kOurs, {"x"}, 2020)));
  EXPECT_EQ(catalog->index().manifest().runs.size(), 1u) << "nothing was written for it";
}

TEST_F(CatchUpTest, ForeignCompactionThatDropsDuplicatesLosesNoCell) {
  const Row older{.id = "ours", .updated = 4};
  commit_ours(*open("r1"));
  OtherEngine other(stores_, kCatalog);
  other.commit({rows("double", "x", {kOurs}), rows("older", "x", {older})}, {});
  ASSERT_TRUE(open("r2")->commit({}));
  std::vector<iceberg::DataFile> removed;
  ASSERT_TRUE(other.table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    removed.push_back(file);
    return {};
  }));
  ASSERT_THAT(removed, SizeIs(3));
  other.commit({rows("rewritten", "x", {kOurs})}, removed);
  const auto catalog = open("r3");
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnchanged);
  EXPECT_THAT(owners(*catalog, "ours"), ElementsAre(object_of("k", kOurs, {"x"}, 2020)));
}

TEST_F(CatchUpTest, NewerForeignRowsSupersedeAnObject) {
  commit_ours(*open("r1"));
  OtherEngine other(stores_, kCatalog);
  iceberg::DataFile removed;
  ASSERT_TRUE(other.table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    removed = file;
    return {};
  }));
  other.commit({rows("newer", "z", {{.id = "ours", .updated = 9}})}, {removed});
  const auto catalog = open("r2");
  const auto found = owners(*catalog, "ours");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].name, "");
  EXPECT_EQ(found[0].updated, 9);
  EXPECT_THAT(found[0].cells, ElementsAre("z"));
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnchanged);
}

TEST_F(CatchUpTest, RebuildsAnIndexWhoseFilesAreGone) {
  std::string run;
  {
    const auto catalog = open("r1");
    commit_ours(*catalog);
    run = catalog->index().manifest().runs.front().uri;
  }
  const auto where = stores_.locate(run).value();
  ASSERT_TRUE(where.store->remove({&where.key, 1}));
  const auto catalog = open("r2");
  const auto found = owners(*catalog, "ours");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].name, "");
  EXPECT_EQ(state(*catalog, "k"), index::ObjectState::kUnknown);
}

TEST_F(CatchUpTest, CommitIsRebuiltOverOneThatTouchedOtherItems) {
  const auto catalog = open("r1");
  commit_ours(*catalog);
  OtherEngine(stores_, kCatalog).commit({rows("theirs", "x", {{.id = "theirs", .updated = 7}})}, {});
  CommitRequest request;
  const Row row{.id = "second", .updated = 1};
  request.added = {rows("second", "x", {row})};
  request.objects.entries = {object_of("k2", row, {"x"}, 2020)};
  const auto done = catalog->commit(request);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->attempts, 2);
  EXPECT_THAT(files_of(catalog->table()), SizeIs(3));
  for (const char* id : {"ours", "theirs", "second"}) EXPECT_THAT(owners(*catalog, id), SizeIs(1)) << id;
  EXPECT_EQ(catalog->index().manifest().snapshot_id, done->snapshot_id);
}

TEST_F(CatchUpTest, CommitConflictsWithAConcurrentWriteOfTheSameItem) {
  const auto catalog = open("r1");
  commit_ours(*catalog);
  OtherEngine(stores_, kCatalog).commit({rows("theirs", "x", {{.id = "same", .updated = 7}})}, {});
  CommitRequest request;
  const Row row{.id = "same", .updated = 1};
  request.added = {rows("mine", "x", {row})};
  request.objects.entries = {object_of("k2", row, {"x"}, 2020)};
  const auto refused = catalog->commit(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("the same items"));
  ASSERT_TRUE(catalog->refresh());
  EXPECT_THAT(owners(*catalog, "same"), SizeIs(1));
  EXPECT_TRUE(catalog->commit(request)) << "decided anew";
}

TEST_F(CatchUpTest, CommitConflictsWhenADisplacedItemWasWrittenConcurrently) {
  const auto catalog = open("r1");
  commit_ours(*catalog);
  OtherEngine(stores_, kCatalog).commit({rows("theirs", "x", {{.id = "left", .updated = 7}})}, {});
  CommitRequest request;
  const Row row{.id = "other", .updated = 1};
  request.added = {rows("mine", "x", {row})};
  request.objects.entries = {object_of("k2", row, {"x"}, 2020)};
  request.displaced = {identity_hash("c", "left")};
  const auto refused = catalog->commit(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
}

TEST_F(CatchUpTest, CommitConflictsWhenAFileItRemovesIsGone) {
  const auto catalog = open("r1");
  commit_ours(*catalog);
  iceberg::DataFile removed;
  ASSERT_TRUE(catalog->table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    removed = file;
    return {};
  }));
  OtherEngine(stores_, kCatalog).commit({rows("rewritten", "x", {kOurs})}, {removed});
  CommitRequest request;
  request.removed = {removed};
  request.added = {rows("mine", "x", {kOurs})};
  const auto refused = catalog->commit(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("ours.parquet"));
}

// Whatever another engine commits, the index's owners are the table's rows.
RC_GTEST_PROP(CatchUpModel, TheIndexOwnsWhatTheTableHolds, ()) {
  storage::Stores stores({});
  const std::string catalog = "memory://model/catalog.db", warehouse = "memory://model/wh";
  const auto file = CatalogFile::open(stores, catalog, {.writable = true}).value();
  iceberg::CreateTableOptions create;
  create.schema = iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive));
  create.warehouse = warehouse;
  auto table = iceberg::Table::create(stores, *file, create).value();
  index::ObjectIndexOptions options;
  options.max_runs = 2;
  options.row_group_rows = 3;
  index::ObjectIndex index = index::ObjectIndex::open(stores, {}, options);
  using Place = std::tuple<std::string, std::string, int>;  // id, cell, year
  std::map<std::string, std::pair<iceberg::DataFile, std::set<Place>>> files;
  const auto steps = *rc::gen::inRange(1, 6);
  for (int step = 0; step < steps; ++step) {
    iceberg::Transaction change(table);
    // No two files of a table hold the same item in the same place: that is how all writers of the table have it.
    std::set<Place> taken;
    for (const auto& [name, known] : files) taken.insert(known.second.begin(), known.second.end());
    for (auto at = files.begin(); at != files.end();) {
      if (*rc::gen::inRange(0, 3) != 0) {
        ++at;
        continue;
      }
      for (const auto& place : at->second.second) taken.erase(place);
      change.remove({at->second.first});
      at = files.erase(at);
    }
    for (int f = 0; f < 2; ++f) {
      const std::string cell = fmt::format("cell{}", *rc::gen::inRange(0, 3));
      const int year = *rc::gen::inRange(2000, 2003);
      std::vector<Row> rows;
      std::set<Place> places;
      for (int id = 0; id < 6; ++id) {
        if (*rc::gen::arbitrary<bool>() || !taken.emplace(fmt::format("id{}", id), cell, year).second) continue;
        rows.push_back({.id = fmt::format("id{}", id), .updated = *rc::gen::inRange(0, 3)});
        places.emplace(rows.back().id, cell, year);
      }
      if (rows.empty()) continue;
      const std::string uri = fmt::format("{}/{}-{}.parquet", warehouse, step, f);
      auto added = write_rows(stores, uri, cell, year, rows);
      change.append({added});
      files[uri] = {std::move(added), std::move(places)};
    }
    RC_ASSERT(change.commit(table).has_value());
    if (*rc::gen::inRange(0, 3) == 0) continue;  // several commits at once
    if (*rc::gen::inRange(0, 3) == 0) {          // the indexed snapshot is lost
      iceberg::Transaction expiry(table);
      std::vector<std::int64_t> snapshots;
      for (const auto& snapshot : table.metadata().snapshots) snapshots.push_back(snapshot.snapshot_id);
      expiry.remove_snapshots(snapshots);
      RC_ASSERT(expiry.commit(table).has_value());
    }
    auto caught = index::catch_up(
        table, index,
        {.folder_uri = warehouse + "_objects", .name = fmt::format("c{}", step), .watched = {}, .batch_items = 2});
    RC_ASSERT(caught.has_value());
    index = caught->index;
    std::set<std::string> items;
    for (const auto& [name, known] : files) {
      for (const auto& [id, cell, year] : known.second) items.insert(id);
    }
    RC_ASSERT(index.manifest().items == std::ssize(items));
    std::set<Place> owned, held;
    RC_ASSERT(index
                  .scan([&](index::ObjectEntry&& entry) -> Status {
                    for (int id = 0; id < 6; ++id) {
                      if (entry.identity != identity_hash("c", fmt::format("id{}", id))) continue;
                      for (const auto& cell : entry.cells) owned.emplace(fmt::format("id{}", id), cell, *entry.year);
                    }
                    return {};
                  })
                  .has_value());
    for (const auto& [name, known] : files) held.insert(known.second.begin(), known.second.end());
    RC_ASSERT(owned == held);
  }
}

}  // namespace
}  // namespace earthcatalog::catalog
