// Other writers that commit while partitions are being merged: files of the new state count, and nothing is lost.
#include "earthcatalog/compact/compact.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <functional>

#include "catalog/forwarding_store.h"
#include "catalog/table_support.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::compact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* kCatalog = "memory://compact/catalog.db";
constexpr const char* kCell = "81063ffffffffff";

// Two partitions, 2020 and 2021, of two files each.
class Compacting : public ::testing::Test {
 protected:
  Compacting() {
    stores_.replace("memory://compact", store_);
    catalog::test_time = catalog::kTestStart;
    catalog::living.clear();
    const auto catalog = catalog::Catalog::open(stores_, options("grow", 1)).value();
    catalog::CommitRequest request;
    request.added = {write("a", 2020, {"1", "2"}), write("b", 2020, {"3"}), write("c", 2021, {"4"}),
                     write("d", 2021, {"5", "6"})};
    const auto done = catalog->commit(request);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_TRUE(catalog->close());
  }

  static catalog::CatalogOptions options(const std::string& run, std::int64_t pid) {
    auto options = catalog::writer_options(kCatalog, "memory://compact/wh", run, catalog::made_up_host("a", pid));
    options.index.scratch_folder = "/var/tmp";
    return options;
  }
  static std::string path(const std::string& name, std::int32_t year) {
    return fmt::format("memory://compact/wh/grid_partition={}/year={}/part_{}.parquet", kCell, year, name);
  }
  iceberg::DataFile write(const std::string& name, std::int32_t year, const std::vector<std::string>& ids) {
    std::vector<catalog::Row> rows;
    for (const auto& id : ids) rows.push_back({.id = id, .updated = 1});
    return catalog::write_rows(stores_, path(name, year), kCell, year, rows);
  }

  // `meanwhile` runs before each of the first `times` puts, the first of which is that of a merged file.
  Status compact(const std::function<void()>& meanwhile, int times = 1) {
    bool busy = false;
    store_->before = [&, times](std::string_view call) mutable -> Status {
      if (call != "put" || busy || times == 0) return {};
      --times;
      busy = true;
      meanwhile();
      busy = false;
      return {};
    };
    compact::CompactSpec spec;
    spec.catalog = options("0123456789abcdef", 2);
    const auto status = compact::run_compact(stores_, spec, nullptr, report_);
    store_->before = nullptr;
    return status;
  }

  std::vector<std::string> files(std::int32_t year) {
    std::vector<std::string> found;
    catalog::OtherEngine engine(stores_, kCatalog);
    for (const auto& file : catalog::files_of(engine.table())) {
      if (file.find(fmt::format("year={}", year)) != std::string::npos) found.push_back(file);
    }
    return found;
  }
  // All data files below the warehouse, whether the table names them or not.
  std::vector<std::string> stored() {
    std::vector<std::string> found;
    EXPECT_TRUE(inner_->list("wh/grid_partition", [&](const storage::ObjectInfo& info) -> Status {
      found.push_back(info.key);
      return {};
    }));
    return found;
  }
  std::vector<std::string> ids(std::int32_t year) {
    std::vector<std::string> found;
    for (const auto& file : files(year)) {
      const auto reader = geoparquet::FileReader::open(stores_.locate(file).value()).value();
      const auto rows = reader->read_row_group(0, {"id"}).value();
      const auto& column = static_cast<const arrow::StringArray&>(*rows->column(0));
      for (std::int64_t i = 0; i < column.length(); ++i) found.push_back(column.GetString(i));
    }
    return found;
  }

  std::shared_ptr<storage::MemoryStore> inner_ = std::make_shared<storage::MemoryStore>("compact", catalog::test_clock);
  std::shared_ptr<catalog::ForwardingStore> store_ = std::make_shared<catalog::ForwardingStore>(inner_);
  storage::Stores stores_{{}};
  compact::CompactReport report_;
};

TEST_F(Compacting, OneFileABucket) {
  const auto status = compact([] {}, 0);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(files(2020), SizeIs(1));
  EXPECT_THAT(ids(2020), UnorderedElementsAre("1", "2", "3"));
  EXPECT_THAT(ids(2021), UnorderedElementsAre("4", "5", "6"));
  EXPECT_EQ(report_.buckets_compacted, 2);
  EXPECT_THAT(stored(), SizeIs(4 + 2));
}

TEST_F(Compacting, ReportsTheFilesOfTheWholeWarehouse) {
  compact::CompactSpec spec;
  spec.catalog = options("0123456789abcdef", 2);
  spec.partitions.years_since_1970 = {50};
  ASSERT_TRUE(compact::run_compact(stores_, spec, nullptr, report_));
  EXPECT_EQ(report_.files_before, 2);
  EXPECT_EQ(report_.total_files_before, 4);
  EXPECT_EQ(report_.total_files_after, 3) << "2021 was not asked for";
  report_ = {};
  ASSERT_TRUE(compact::run_compact(stores_, spec, nullptr, report_));
  EXPECT_EQ(report_.buckets_compacted, 0);
  EXPECT_EQ(report_.total_files_before, 3);
  EXPECT_EQ(report_.total_files_after, 3);
}

TEST_F(Compacting, KeepsFilesAppendedConcurrently) {
  const auto status = compact([&] { catalog::OtherEngine(stores_, kCatalog).commit({write("e", 2020, {"7"})}, {}); });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(files(2020), SizeIs(2));
  EXPECT_THAT(ids(2020), UnorderedElementsAre("1", "2", "3", "7"));
  EXPECT_THAT(ids(2021), UnorderedElementsAre("4", "5", "6"));
}

// Had the merged rows of the removed file come back, that writer's commit would have been undone.
TEST_F(Compacting, MergesOnlyTheBucketThatLostAFileAgain) {
  const auto status = compact([&] {
    catalog::OtherEngine(stores_, kCatalog).commit({write("e", 2020, {"7"})}, {write("a", 2020, {"1", "2"})});
  });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(ids(2020), UnorderedElementsAre("3", "7"));
  EXPECT_THAT(ids(2021), UnorderedElementsAre("4", "5", "6"));
  EXPECT_EQ(report_.rows, 5);
  EXPECT_EQ(report_.files_before, 4);
  ASSERT_THAT(files(2020), SizeIs(1));
  ASSERT_THAT(files(2021), SizeIs(1));
  // The names of a partition's files count up: 2021 kept its first one. The first of 2020 is gone.
  EXPECT_THAT(files(2020)[0], HasSubstr("part_000001_"));
  EXPECT_THAT(files(2021)[0], HasSubstr("part_000000_"));
  EXPECT_THAT(stored(), SizeIs(5 + 2));
}

TEST_F(Compacting, LeavesABucketThatAnotherWriterMerged) {
  const auto status = compact([&] {
    catalog::OtherEngine(stores_, kCatalog)
        .commit({write("e", 2020, {"1", "2", "3"})}, {write("a", 2020, {"1", "2"}), write("b", 2020, {"3"})});
  });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(files(2020), ElementsAre(path("e", 2020)));
  EXPECT_THAT(ids(2021), UnorderedElementsAre("4", "5", "6"));
  EXPECT_EQ(report_.buckets_compacted, 1);
  EXPECT_THAT(stored(), SizeIs(5 + 1));
}

TEST_F(Compacting, GivesUpAfterLosingEveryRaceAndLeavesNothing) {
  int number = 0;
  std::string last = "a";
  const auto status = compact(
      [&] {
        const auto next = fmt::format("n{}", number++);
        const auto old = write(last, 2020, {"1", "2"});
        catalog::OtherEngine(stores_, kCatalog).commit({write(next, 2020, {"1", "2"})}, {old});
        last = next;
      },
      1000);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConflict) << status.error().message;
  EXPECT_GE(number, 10);
  EXPECT_THAT(ids(2020), UnorderedElementsAre("1", "2", "3"));
  EXPECT_THAT(files(2021), SizeIs(2));
  EXPECT_THAT(stored(), SizeIs(4 + number));
}

}  // namespace
}  // namespace earthcatalog::compact
