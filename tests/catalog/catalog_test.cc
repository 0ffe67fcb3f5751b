// Opening, creating and committing, on a local path, a memory:// URI and an S3 server.
#include "earthcatalog/catalog/catalog.h"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "catalog/forwarding_store.h"
#include "catalog/table_support.h"
#include "earthcatalog/catalog/table_schema.h"
#include "support/index_owners.h"
#include "support/s3_server.h"
#include "support/temp_folder.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::S3Server;
using testing_support::TempFolder;

enum class Place { kLocal, kMemory, kS3 };

class CatalogTest : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    test_time = kTestStart;
    living.clear();
    storage::StorageSettings settings;
    root_ = folder_.path();
    if (GetParam() == Place::kMemory) root_ = "memory://catalogs/test";
    if (GetParam() == Place::kS3) {
      ASSERT_TRUE(S3Server::shared().running()) << S3Server::shared().problem();
      settings = S3Server::shared().settings();
      static int tests = 0;
      root_ = fmt::format("s3://test-warehouse/catalog-{}", tests++);
    }
    stores_ = std::make_unique<storage::Stores>(settings);
  }

  std::string catalog_path() const { return root_ + "/catalog.db"; }
  CatalogOptions options(const std::string& run, const std::string& host = "a", std::int64_t pid = 1) {
    return writer_options(catalog_path(), root_ + "/wh", run, made_up_host(host, pid));
  }
  Result<std::unique_ptr<Catalog>> open(const std::string& run, const std::string& host = "a", std::int64_t pid = 1) {
    return Catalog::open(*stores_, options(run, host, pid));
  }
  Result<std::unique_ptr<Catalog>> read() {
    CatalogOptions reading;
    reading.catalog = catalog_path();
    return Catalog::open(*stores_, reading);
  }
  bool exists(const std::string& uri) {
    const auto where = stores_->locate(uri).value();
    return where.store->head(where.key).value().has_value();
  }
  /// A file that nobody will read, in the manifest alone.
  iceberg::DataFile file(const std::string& name) {
    iceberg::DataFile file;
    file.file_path = root_ + "/wh/" + name;
    file.record_count = 1;
    file.file_size_in_bytes = 100;
    file.partition = {.cell = "81063ffffffffff", .year_since_1970 = 50};
    return file;
  }
  CommitRequest adding(const std::string& name) {
    CommitRequest request;
    request.added = {file(name)};
    return request;
  }

  TempFolder folder_;
  std::string root_;
  std::unique_ptr<storage::Stores> stores_;
};

std::string name_of(const ::testing::TestParamInfo<Place>& info) {
  constexpr const char* kNames[] = {"Local", "Memory", "S3"};
  return kNames[static_cast<std::size_t>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Places, CatalogTest, ::testing::Values(Place::kLocal, Place::kMemory, Place::kS3), name_of);

TEST_P(CatalogTest, ReadingAMistypedPathCreatesNothing) {
  const auto catalog = read();
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(catalog.error().message, AllOf(HasSubstr("catalog.db"), HasSubstr("check the path")));
  EXPECT_FALSE(exists(catalog_path()));
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
}

TEST_P(CatalogTest, NothingIsCreatedBeforeTheFirstCommit) {
  {
    const auto catalog = open("r1");
    ASSERT_TRUE(catalog) << catalog.error().message;
    EXPECT_FALSE((*catalog)->has_table());
    EXPECT_TRUE(exists(catalog_path() + ".lock"));
    EXPECT_FALSE(exists(catalog_path()));
    EXPECT_TRUE((*catalog)->commit({}));
    EXPECT_FALSE(exists(catalog_path()));
  }
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
}

TEST_P(CatalogTest, TheFirstCommitMakesTheTableWithItsProperties) {
  const auto catalog = open("r1");
  ASSERT_TRUE(catalog) << catalog.error().message;
  auto request = adding("f1.parquet");
  request.summary = {{"earthcatalog.source-items", "1"}};
  const auto done = (*catalog)->commit(request);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->summary.at("earthcatalog.run-id"), "r1");
  EXPECT_EQ(done->summary.at("earthcatalog.source-items"), "1");
  ASSERT_TRUE((*catalog)->close());

  const auto reader = read();
  ASSERT_TRUE(reader) << reader.error().message;
  const auto& metadata = (*reader)->table().metadata();
  EXPECT_EQ(metadata.current_snapshot_id, done->snapshot_id);
  EXPECT_EQ(metadata.property("earthcatalog.grid.type"), "h3");
  EXPECT_EQ(metadata.property("earthcatalog.grid.resolution"), "1");
  EXPECT_EQ(metadata.property("earthcatalog.hash_index_path"), (*reader)->warehouse() + "_id_hashes.parquet");
  EXPECT_EQ(metadata.property("write.data.path"), (*reader)->warehouse());
  EXPECT_EQ(metadata.location, (*reader)->warehouse() + "/earthcatalog/stac_items");
  EXPECT_EQ((*reader)->grid().resolution, 1);
  EXPECT_EQ((*reader)->item_schema()->kind, stac::SchemaKind::kItslive);
  EXPECT_THAT(files_of((*reader)->table()), SizeIs(1));
  EXPECT_FALSE((*reader)->commit(request)) << "opened for reading";
}

TEST_P(CatalogTest, SecondRunLearnsWhoHoldsTheLock) {
  const auto first = open("r1");
  ASSERT_TRUE(first);
  const auto second = open("r2", "b", 2);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, AllOf(HasSubstr("CatalogLocked"), HasSubstr("run r1"), HasSubstr("on a")));
}

TEST_P(CatalogTest, HolderThatLostItsLockCannotCommit) {
  const auto paused = open("r1");
  ASSERT_TRUE(paused);
  ASSERT_TRUE((*paused)->commit(adding("f1.parquet")));
  pass_seconds(301);
  const auto next = open("r2", "b", 2);
  ASSERT_TRUE(next) << next.error().message;
  const auto refused = (*paused)->commit(adding("late.parquet"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kLocked);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("taken over"), HasSubstr("on b")));
  ASSERT_TRUE((*next)->commit(adding("f2.parquet")));
  EXPECT_THAT(files_of((*next)->table()), SizeIs(2));
}

TEST_P(CatalogTest, RunsInsideALockThatIsHeldUseItAndLeaveIt) {
  const auto lock = take_lock(*stores_, options("outer"));
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_EQ((*lock)->uri(), storage::normalize_uri(catalog_path() + ".lock").value());
  EXPECT_EQ((*lock)->record().run_id, "outer");
  const auto alone = open("r1");
  ASSERT_FALSE(alone) << "the same process without the lock is another's";
  EXPECT_EQ(alone.error().kind, ErrorKind::kLocked);
  for (const char* run : {"r1", "r2"}) {
    auto inside = options(run);
    inside.held_lock = *lock;
    const auto catalog = Catalog::open(*stores_, inside);
    ASSERT_TRUE(catalog) << catalog.error().message;
    const auto done = (*catalog)->commit(adding(fmt::format("{}.parquet", run)));
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE((*catalog)->close());
    EXPECT_TRUE(exists(catalog_path() + ".lock")) << "it is the outer one's";
  }
  ASSERT_TRUE((*lock)->release());
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
  const auto after = open("r3");
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_THAT(files_of((*after)->table()), SizeIs(2));
}

TEST_P(CatalogTest, AHeldLockThatIsLostStopsTheRunsInsideIt) {
  const auto lock = take_lock(*stores_, options("outer"));
  ASSERT_TRUE(lock) << lock.error().message;
  auto inside = options("r1");
  inside.held_lock = *lock;
  const auto catalog = Catalog::open(*stores_, inside);
  ASSERT_TRUE(catalog) << catalog.error().message;
  ASSERT_TRUE((*catalog)->commit(adding("f1.parquet")));
  ASSERT_TRUE(force_unlock(*stores_, {.catalog = catalog_path(), .lock_uri = {}}));
  const auto refused = (*catalog)->commit(adding("f2.parquet"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kLocked);
}

TEST_P(CatalogTest, AHeldLockOfAnotherCatalogIsRefused) {
  auto other = options("outer");
  other.catalog = root_ + "/other.db";
  const auto lock = take_lock(*stores_, other);
  ASSERT_TRUE(lock) << lock.error().message;
  auto inside = options("r1");
  inside.held_lock = *lock;
  const auto catalog = Catalog::open(*stores_, inside);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(catalog.error().message, AllOf(HasSubstr("other.db.lock"), HasSubstr("catalog.db.lock")));
}

TEST_P(CatalogTest, CreatedHasNoRowsAndTakesTheFirstOnes) {
  const auto created = create_table(*stores_, options("r1"));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
  {
    const auto reader = read();
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->table().metadata_location(), *created);
    EXPECT_EQ((*reader)->table().current_snapshot(), nullptr);
    EXPECT_EQ((*reader)->grid().resolution, 1);
    EXPECT_EQ((*reader)->item_schema()->kind, stac::SchemaKind::kItslive);
  }
  const auto writer = open("r2");
  ASSERT_TRUE(writer) << writer.error().message;
  const auto done = (*writer)->commit(adding("f1.parquet"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(files_of((*writer)->table()), SizeIs(1));
}

TEST_P(CatalogTest, CreateLeavesATableThatIsThereAlone) {
  ASSERT_TRUE(create_table(*stores_, options("r1")));
  auto another = options("r2");
  another.schema.reset();
  another.grid.resolution = 4;
  const auto again = create_table(*stores_, another);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kAlreadyExists);
  EXPECT_THAT(again.error().message, HasSubstr("catalog.db"));
  ASSERT_TRUE((*open("r3"))->commit(adding("f1.parquet")));
  auto elsewhere = options("r4");
  elsewhere.catalog = root_ + "/other.db";
  const auto taken = create_table(*stores_, elsewhere);
  ASSERT_FALSE(taken) << "a warehouse holds one table";
  EXPECT_EQ(taken.error().kind, ErrorKind::kAlreadyExists);
}

// The lock object alone would let it through: it was asked before the take-over.
TEST_P(CatalogTest, TokenStopsACommitThatCheckedTheLockBefore) {
  const auto paused = open("r1");
  ASSERT_TRUE(paused);
  ASSERT_TRUE((*paused)->commit(adding("f1.parquet")));
  const auto file = CatalogFile::open(*stores_, (*paused)->uri(), {.writable = true}).value();
  const auto token = file->read().value();
  ASSERT_TRUE(token);
  ASSERT_TRUE(file->exchange(token, "of another").value());
  const auto where = stores_->locate(catalog_path() + ".lock").value();
  ASSERT_TRUE(where.store->remove({&where.key, 1}));
  EXPECT_FALSE((*paused)->commit(adding("late.parquet")));
  EXPECT_THAT(files_of((*read())->table()), SizeIs(1));
}

TEST_P(CatalogTest, RefusedFirstCommitLeavesNoMetadata) {
  const auto paused = open("r1");
  ASSERT_TRUE(paused);
  const auto file = CatalogFile::open(*stores_, (*paused)->uri(), {.writable = true}).value();
  ASSERT_TRUE(file->exchange(file->read().value(), "of another").value());
  const auto where = stores_->locate(catalog_path() + ".lock").value();
  ASSERT_TRUE(where.store->remove({&where.key, 1}));
  EXPECT_FALSE((*paused)->commit(adding("late.parquet")));
  const auto warehouse = stores_->locate(root_ + "/wh/").value();
  EXPECT_TRUE(warehouse.store->list(warehouse.key, [&](const storage::ObjectInfo& info) -> Status {
    ADD_FAILURE() << info.key;
    return {};
  }));
}

TEST_P(CatalogTest, HolderGoesOnAfterADeadRivalMovedTheToken) {
  const auto catalog = open("r1");
  ASSERT_TRUE(catalog);
  ASSERT_TRUE((*catalog)->commit(adding("f1.parquet")));
  const auto file = CatalogFile::open(*stores_, (*catalog)->uri(), {.writable = true}).value();
  ASSERT_TRUE(file->exchange(file->read().value(), "of one that died").value());
  const auto done = (*catalog)->commit(adding("f2.parquet"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(files_of((*catalog)->table()), SizeIs(2));
}

TEST_P(CatalogTest, ForceUnlockStopsTheHolder) {
  const auto catalog = open("r1");
  ASSERT_TRUE(catalog);
  ASSERT_TRUE((*catalog)->commit(adding("f1.parquet")));
  const LockPlace place{.catalog = catalog_path(), .lock_uri = {}};
  EXPECT_EQ(show_lock(*stores_, place).value()->run_id, "r1");
  EXPECT_EQ(force_unlock(*stores_, place).value()->run_id, "r1");
  EXPECT_FALSE(show_lock(*stores_, place).value());
  EXPECT_FALSE((*catalog)->commit(adding("late.parquet")));
  EXPECT_TRUE(open("r2", "b", 2));
}

TEST_P(CatalogTest, ConcurrentWritersWithoutALockLoseNothing) {
  constexpr int kWriters = 3, kCommits = 3;
  std::vector<std::string> errors;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < kWriters; ++writer) {
      auto mine = options(fmt::format("w{}", writer));
      mine.lock = false;
      threads.emplace_back([&, writer, mine] {
        const auto catalog = Catalog::open(*stores_, mine);
        for (int commit = 0; catalog && commit < kCommits; ++commit) {
          auto request = adding("unused");
          request.added.clear();
          request.added = {write_rows(*stores_, (*catalog)->warehouse() + fmt::format("/{}-{}.parquet", writer, commit),
                                      "c", 2020, {{.id = fmt::format("{}-{}", writer, commit), .updated = {}}})};
          request.objects.entries = {object_of(fmt::format("k{}-{}", writer, commit),
                                               {.id = fmt::format("{}-{}", writer, commit), .updated = {}}, {"c"},
                                               2020)};
          const auto done = (*catalog)->commit(request);
          const std::lock_guard guard(mutex);
          if (!done) errors.push_back(done.error().message);
        }
        const std::lock_guard guard(mutex);
        if (!catalog) errors.push_back(catalog.error().message);
      });
    }
  }
  EXPECT_THAT(errors, IsEmpty());
  const auto reader = open("last");
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_THAT(files_of((*reader)->table()), SizeIs(kWriters * kCommits));
  std::vector<Hash128> items;
  for (int writer = 0; writer < kWriters; ++writer) {
    for (int commit = 0; commit < kCommits; ++commit) {
      items.push_back(identity_hash("c", fmt::format("{}-{}", writer, commit)));
    }
  }
  EXPECT_THAT(testing::owners_of((*reader)->index(), items).value(), SizeIs(kWriters * kCommits));
}

// At each request that an opening makes in turn, another writer makes the table.
TEST(CatalogOpen, SeesATableThatIsCreatedMeanwhile) {
  living.clear();
  int request = 1;
  for (bool reached = true; reached; ++request) {
    const auto memory = std::make_shared<storage::MemoryStore>("racing");
    const auto paused = std::make_shared<ForwardingStore>(memory);
    storage::Stores free{storage::StorageSettings{}}, slow{storage::StorageSettings{}};
    free.replace("memory://racing", memory);
    slow.replace("memory://racing", paused);
    const auto writer = [](const std::string& run) {
      auto options = writer_options("memory://racing/catalog.db", "memory://racing/wh", run, made_up_host("a", 1));
      options.lock = false;
      return options;
    };
    reached = false;
    paused->before = [&, calls = 0](std::string_view) mutable -> Status {
      if (++calls != request) return {};
      reached = true;
      EC_ASSIGN_OR_RETURN(const auto other, Catalog::open(free, writer("other")));
      EC_ASSIGN_OR_RETURN(const auto done,
                          other->commit({.added = {write_rows(free, "memory://racing/wh/f.parquet", "c", 2020,
                                                              {{.id = "i", .updated = {}}})}}));
      return {};
    };
    const auto catalog = Catalog::open(slow, writer("slow"));
    EXPECT_TRUE(catalog) << "at request " << request << ": " << catalog.error().message;
  }
  EXPECT_GT(request, 2) << "no opening was disturbed";
}

TEST_P(CatalogTest, RefusesAnotherGridSchemaOrWarehouse) {
  {
    const auto catalog = open("r1");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->commit(adding("f1.parquet")));
  }
  auto other = options("r2");
  other.grid.resolution = 3;
  const auto resolution = Catalog::open(*stores_, other);
  ASSERT_FALSE(resolution);
  EXPECT_THAT(resolution.error().message,
              AllOf(HasSubstr("resolution 1"), HasSubstr("was 3"), HasSubstr("catalog.db")));
  other = options("r2");
  other.schema = stac::SchemaKind::kAuto;
  const auto schema = Catalog::open(*stores_, other);
  ASSERT_FALSE(schema);
  EXPECT_THAT(schema.error().message, AllOf(HasSubstr("itslive"), HasSubstr("auto")));
  other = options("r2");
  other.warehouse = root_ + "/elsewhere";
  const auto warehouse = Catalog::open(*stores_, other);
  ASSERT_FALSE(warehouse);
  EXPECT_THAT(warehouse.error().message, AllOf(HasSubstr("/wh"), HasSubstr("/elsewhere")));
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
}

TEST_P(CatalogTest, RefusesAFileThatIsNoCatalog) {
  const auto where = stores_->locate(catalog_path()).value();
  ASSERT_TRUE(where.store->put(where.key, "Dear diary"));
  for (const auto& catalog : {open("r1"), read()}) {
    ASSERT_FALSE(catalog);
    EXPECT_EQ(catalog.error().kind, ErrorKind::kInvalidData) << catalog.error().message;
    EXPECT_THAT(catalog.error().message, HasSubstr("catalog.db"));
  }
  EXPECT_EQ(where.store->get(where.key).value()->bytes, "Dear diary");
  EXPECT_FALSE(exists(catalog_path() + ".lock"));
}

TEST_P(CatalogTest, NewColumnsComeWithTheCommitOfTheirFiles) {
  auto mine = options("r1");
  mine.schema = stac::SchemaKind::kAuto;
  const auto catalog = Catalog::open(*stores_, mine);
  ASSERT_TRUE(catalog);
  ASSERT_TRUE((*catalog)->commit(adding("f1.parquet")));
  auto columns = *(*catalog)->item_schema();
  columns.columns.push_back({.name = "eo:cloud_cover", .type = stac::ColumnType::kDouble});
  auto request = adding("f2.parquet");
  request.schema = (*catalog)->plan_schema(columns).value();
  ASSERT_TRUE((*catalog)->commit(request));
  EXPECT_EQ((*catalog)->item_schema()->columns, columns.columns);
  EXPECT_EQ((*catalog)->item_schema()->kind, stac::SchemaKind::kAuto);
  EXPECT_EQ(*(*catalog)->table().schema().find("eo:cloud_cover"), *request.schema->find("eo:cloud_cover"));
}

// As another process would, which has no part in what this one holds open.
TEST_P(CatalogTest, ReaderKeepsItsObjectIndexDuringCommits) {
  auto writing = options("r1");
  writing.index.max_runs = 1;  // each commit merges what was there before
  const auto writer = Catalog::open(*stores_, writing);
  ASSERT_TRUE(writer) << writer.error().message;
  const auto add = [&](int number) {
    auto request = adding(fmt::format("f{}.parquet", number));
    const auto name = fmt::format("{}.stac.json", number);
    request.objects.entries = {object_of(name, {.id = name, .updated = 5}, {"81063ffffffffff"}, 2020)};
    const auto done = (*writer)->commit(request);
    ASSERT_TRUE(done) << done.error().message;
  };
  add(1);
  const auto reader = read();
  ASSERT_TRUE(reader);
  add(2);
  add(3);
  EXPECT_EQ((*reader)->index().is_whole(), true);
  int objects = 0;
  const auto scanned = (*reader)->index().scan([&](index::ObjectEntry&&) -> Status {
    ++objects;
    return {};
  });
  EXPECT_TRUE(scanned) << scanned.error().message;
  EXPECT_EQ(objects, 1);
}

TEST_P(CatalogTest, ObjectsOfACommitAreKnownToTheNextRun) {
  const Row row{.id = "item", .updated = 5};
  const auto entry = object_of("item.stac.json", row, {"81063ffffffffff"}, 2020);
  {
    const auto catalog = open("r1");
    ASSERT_TRUE(catalog);
    auto request = adding("f1.parquet");
    request.objects.entries = {entry};
    ASSERT_TRUE((*catalog)->commit(request));
    // Only the index changes: a duplicate that lost.
    CommitRequest superseded;
    superseded.objects.entries = {object_of("copy.stac.json", row, {}, {})};
    const auto done = (*catalog)->commit(superseded);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_FALSE(done->snapshot_id);
  }
  const auto catalog = open("r2");
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_THAT(testing::owners_of((*catalog)->index(), {&entry.identity, 1}).value(), ElementsAre(entry));
  const storage::ObjectRef refs[] = {
      {.bucket = "b", .key = "item.stac.json", .size_bytes = {}, .last_modified = {}, .etag = "e-item.stac.json"},
      {.bucket = "b", .key = "copy.stac.json", .size_bytes = {}, .last_modified = {}, .etag = "other"},
      {.bucket = "b", .key = "new.stac.json", .size_bytes = {}, .last_modified = {}, .etag = {}}};
  EXPECT_THAT((*catalog)->index().lookup(refs).value(),
              ElementsAre(index::ObjectState::kUnchanged, index::ObjectState::kChanged, index::ObjectState::kUnknown));
}

}  // namespace
}  // namespace earthcatalog::catalog
