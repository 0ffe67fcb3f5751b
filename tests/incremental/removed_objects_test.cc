// The deletion of removed objects when the store fails: whatever the commit's outcome, what the table names is there.
#include "earthcatalog/incremental/removed_objects.h"

#include <gmock/gmock.h>

#include "catalog/table_support.h"
#include "earthcatalog/storage/fault_store.h"
#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::incremental {
namespace {

using ::testing::AnyOf;

constexpr const char* kCatalog = "memory://removed/catalog.db";
constexpr const char* kCell = "81063ffffffffff";

// A table of three items, the last of which another engine wrote: the object index has to catch up, so that it has
// files that no table names before the commit.
class World {
 public:
  World() {
    stores_.replace("memory://removed", faults);
    catalog::test_time = catalog::kTestStart;
    catalog::living.clear();
    const auto catalog = open("grow");
    catalog::CommitRequest request;
    request.added = {write("ours", {{.id = "stays", .updated = 1}, {.id = "goes", .updated = 1}})};
    request.objects.entries = {catalog::object_of("stays", {.id = "stays", .updated = 1}, {kCell}, 2020), gone()};
    EXPECT_TRUE(catalog->commit(request));
    EXPECT_TRUE(catalog->close());
    catalog::OtherEngine(stores_, kCatalog).commit({write("theirs", {{.id = "theirs", .updated = 1}})}, {});
  }

  std::unique_ptr<catalog::Catalog> open(const std::string& run) {
    auto options = catalog::writer_options(kCatalog, "memory://removed/wh", run, catalog::made_up_host("a", 1));
    options.index.scratch_folder = "/var/tmp";
    return catalog::Catalog::open(stores_, options).value();
  }
  static index::ObjectEntry gone() { return catalog::object_of("goes", {.id = "goes", .updated = 1}, {kCell}, 2020); }
  // From its n-th use of the catalog file on, what the run does there is done, and the answer is lost.
  Result<incremental::DeletedRows> delete_gone(int lost_from) {
    const auto catalog = open("0123456789abcdef");
    faults->add({.key_part = "catalog.db",
                 .nth = lost_from,
                 .times = storage::Fault::kForEver,
                 .effect = storage::Fault::Effect::kLoseReply});
    write::FileNames names(catalog->warehouse(), "0123456789abcdef");
    return incremental::delete_objects(stores_, *catalog, {gone()}, names, 1);
  }
  // How many rows the table has; all files that it names must be there.
  std::int64_t rows() {
    catalog::CatalogOptions reading;
    reading.catalog = kCatalog;
    const auto catalog = catalog::Catalog::open(stores_, reading).value();
    std::int64_t rows = 0;
    EXPECT_TRUE(catalog->table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
      EXPECT_TRUE(exists(file.file_path)) << file.file_path;
      rows += file.record_count;
      return {};
    }));
    for (const auto& run : catalog->index().manifest().runs) EXPECT_TRUE(exists(run.uri)) << run.uri;
    return rows;
  }
  bool exists(const std::string& uri) {
    const auto where = stores_.locate(uri).value();
    return where.store->head(where.key).value().has_value();
  }

  std::shared_ptr<storage::FaultStore> faults =
      std::make_shared<storage::FaultStore>(std::make_shared<storage::MemoryStore>("removed", catalog::test_clock));

 private:
  iceberg::DataFile write(const std::string& name, const std::vector<catalog::Row>& rows) {
    const auto path = fmt::format("memory://removed/wh/grid_partition={}/year=2020/part_{}.parquet", kCell, name);
    return catalog::write_rows(stores_, path, kCell, 2020, rows);
  }

  storage::Stores stores_{{}};
};

TEST(RemovedObjects, KeepsFilesOfACommitOfUnknownOutcome) {
  int happened = 0, did_not = 0;
  for (int lost_from = 1;; ++lost_from) {
    ASSERT_LT(lost_from, 100);
    World world;
    const auto deleted = world.delete_gone(lost_from);
    world.faults->clear();
    const auto rows = world.rows();
    EXPECT_THAT(rows, AnyOf(2, 3)) << "lost from " << lost_from;
    if (deleted) {
      EXPECT_EQ(rows, 2);
      break;
    }
    ++(rows == 2 ? happened : did_not);
  }
  EXPECT_GT(happened, 0);
  EXPECT_GT(did_not, 0);
}

}  // namespace
}  // namespace earthcatalog::incremental
