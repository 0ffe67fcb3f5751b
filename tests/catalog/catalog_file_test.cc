// The catalog file at a URI, when replies are lost and others write in between; and its token.
#include "earthcatalog/catalog/file/catalog_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "catalog/forwarding_store.h"
#include "catalog/table_support.h"
#include "earthcatalog/catalog/file/remote_catalog_file.h"
#include "earthcatalog/catalog/table_schema.h"
#include "support/temp_folder.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RemoteCatalogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    iceberg::CreateTableOptions options;
    options.schema = iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive));
    options.warehouse = "memory://warehouse/wh";
    RemoteCatalogFile creator({memory_, "catalog.db"}, {.writable = true});
    ASSERT_TRUE(iceberg::Table::create(stores_, creator, options));
  }

  static iceberg::DataFile file(const std::string& name) {
    iceberg::DataFile file;
    file.file_path = "memory://warehouse/wh/" + name;
    file.record_count = 1;
    file.partition = {.cell = "c", .year_since_1970 = 50};
    return file;
  }
  Result<iceberg::CommitResult> add(iceberg::Catalog& catalog, const std::string& name) {
    auto table = iceberg::Table::load(stores_, catalog).value();
    iceberg::Transaction change(table);
    change.append({file(name)});
    return change.commit(table);
  }
  std::vector<std::string> files() {
    RemoteCatalogFile reader({memory_, "catalog.db"}, {});
    return files_of(iceberg::Table::load(stores_, reader).value());
  }

  storage::Stores stores_{{}};
  std::shared_ptr<storage::MemoryStore> memory_ = std::make_shared<storage::MemoryStore>("catalogs");
  std::shared_ptr<ForwardingStore> faulty_ = std::make_shared<ForwardingStore>(memory_);
  RemoteCatalogFile catalog_{{faulty_, "catalog.db"}, {.writable = true}};
};

TEST_F(RemoteCatalogFileTest, LostReplyIsLookedUpNotRepeated) {
  int lost = 0;
  faulty_->after = [&](std::string_view call) -> Status {
    return call == "put_if_match" && lost++ == 0 ? fail(ErrorKind::kIOError, "connection reset") : Status{};
  };
  const auto done = add(catalog_, "a");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(lost, 1) << "one put was enough";
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(RemoteCatalogFileTest, FailedPutIsRepeated) {
  int failed = 0;
  faulty_->before = [&](std::string_view call) -> Status {
    return call == "put_if_match" && failed++ == 0 ? fail(ErrorKind::kUnavailable, "503") : Status{};
  };
  ASSERT_TRUE(add(catalog_, "a"));
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(RemoteCatalogFileTest, StoreThatStaysAwayIsAnError) {
  faulty_->before = [](std::string_view call) -> Status {
    return call == "put_if_match" ? fail(ErrorKind::kUnavailable, "503") : Status{};
  };
  const auto done = add(catalog_, "a");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("503"));
  EXPECT_THAT(files(), SizeIs(0));
}

TEST_F(RemoteCatalogFileTest, ConcurrentCommitIsKept) {
  RemoteCatalogFile other({memory_, "catalog.db"}, {.writable = true});
  int puts = 0;
  faulty_->before = [&](std::string_view call) -> Status {
    if (call != "put_if_match" || puts++ != 0) return {};
    EXPECT_TRUE(add(other, "other"));
    return {};
  };
  auto done = add(catalog_, "a");
  if (!done) done = add(catalog_, "a");  // it may be told to look and try again, never that all is well
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(files(), ElementsAre(HasSubstr("/a"), HasSubstr("/other")));
}

// The worst case: our put went through, its reply was lost, and another commit came on top of it before we looked.
TEST_F(RemoteCatalogFileTest, CommitAfterALostReplyStaysReadable) {
  RemoteCatalogFile other({memory_, "catalog.db"}, {.writable = true});
  int puts = 0;
  faulty_->after = [&](std::string_view call) -> Status {
    if (call != "put_if_match" || puts++ != 0) return {};
    EXPECT_TRUE(add(other, "other"));
    return fail(ErrorKind::kIOError, "connection reset");
  };
  const auto done = add(catalog_, "a");
  EXPECT_FALSE(done) << "it cannot know";
  EXPECT_THAT(files(), ElementsAre(HasSubstr("/a"), HasSubstr("/other"))) << "and removed nothing of it";
}

TEST_F(RemoteCatalogFileTest, TokenIsSwappedOnceThoughRepliesAreLost) {
  int lost = 0;
  faulty_->after = [&](std::string_view call) -> Status {
    return call == "put_if_match" && lost++ % 2 == 0 ? fail(ErrorKind::kIOError, "connection reset") : Status{};
  };
  EXPECT_TRUE(catalog_.exchange(std::nullopt, "one").value());
  EXPECT_FALSE(catalog_.exchange(std::nullopt, "two").value());
  EXPECT_EQ(catalog_.read().value(), "one");
  EXPECT_TRUE(catalog_.exchange("one", "two").value());
}

TEST_F(RemoteCatalogFileTest, StoreThatIgnoresConditionsIsRefused) {
  faulty_->ignore_conditions = true;
  const auto done = add(catalog_, "a");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(files(), SizeIs(0));
}

TEST(CatalogFile, StoreWithoutConditionsIsRefused) {
  storage::Stores stores({});
  for (const char* uri : {"gs://bucket/catalog.db", "abfs://container@account.dfs.core.windows.net/catalog.db"}) {
    const auto file = CatalogFile::open(stores, uri, {.writable = true});
    ASSERT_FALSE(file) << uri;
    EXPECT_EQ(file.error().kind, ErrorKind::kUnsupported) << file.error().message;
  }
}

TEST(CatalogFile, IsCompletedAfterItsMakerWasKilled) {
  const testing_support::TempFolder folder;
  std::ofstream(folder / "catalog.db").close();
  storage::Stores stores({});
  const auto file = CatalogFile::open(stores, "file://" + (folder / "catalog.db"), {.writable = true}).value();
  EXPECT_TRUE(file->exchange(std::nullopt, "one").value());
  EXPECT_EQ(file->read().value(), "one");
}

TEST(CatalogFile, PrivateCopiesAreRemoved) {
  const testing_support::TempFolder folder;
  const auto memory = std::make_shared<storage::MemoryStore>("catalogs");
  {
    RemoteCatalogFile file({memory, "catalog.db"}, {.writable = true, .scratch_folder = folder.path()});
    EXPECT_TRUE(file.exchange(std::nullopt, "one").value());
    EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace earthcatalog::catalog
