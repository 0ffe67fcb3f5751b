#include "earthcatalog/read/table_summary.h"

#include <nlohmann/json.hpp>

#include "earthcatalog/catalog/table_schema.h"
#include "read/read_support.h"

namespace earthcatalog::read {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TableSummaryTest : public ReadTest {
 protected:
  /// Two items of the north in 2020, one of the south without a time.
  void make_small_table() {
    catalog::CommitRequest request;
    request.added = {file_of("a", kNorth, 2020, 2), file_of("b", kSouth, std::nullopt, 1)};
    request.objects.entries = {catalog::object_of("1.json", {.id = "1", .updated = {}}, {kNorth}, 2020),
                               catalog::object_of("2.json", {.id = "2", .updated = {}}, {kNorth}, 2020),
                               catalog::object_of("3.json", {.id = "3", .updated = {}}, {kSouth}, std::nullopt)};
    commit(request);
  }
  TableSummary summary(std::size_t largest = 5) { return summarize(open(), largest).value(); }
};

TEST_F(TableSummaryTest, CountsFilesRowsBytesAndItems) {
  make_small_table();
  const auto made = summary();
  EXPECT_EQ(made.table, "earthcatalog.stac_items");
  EXPECT_EQ(made.catalog, kCatalog);
  EXPECT_EQ(made.warehouse, kWarehouse);
  EXPECT_EQ(made.files, 2);
  EXPECT_EQ(made.rows, 3);
  EXPECT_EQ(made.bytes, 200);
  EXPECT_EQ(made.items, 3);
  EXPECT_EQ(made.cells, 2);
  EXPECT_EQ(made.years, 1) << "an item without a time has no year";
  EXPECT_THAT(made.largest_cells, ElementsAre(NamedRows{kNorth, 2}, NamedRows{kSouth, 1}));
  EXPECT_THAT(made.largest_years, ElementsAre(NamedRows{"2020", 2}, NamedRows{"unknown", 1}));
}

TEST_F(TableSummaryTest, ListsNoMoreThanTheLargestCells) {
  make_small_table();
  EXPECT_THAT(summary(1).largest_cells, ElementsAre(NamedRows{kNorth, 2}));
  EXPECT_EQ(summary(1).cells, 2);
}

TEST_F(TableSummaryTest, ItemsAreUnknownAfterAnotherEngine) {
  make_small_table();
  catalog::OtherEngine(stores_, kCatalog).commit({file_of("foreign", kSouth, 2020, 1)}, {});
  const auto made = summary();
  EXPECT_EQ(made.items, std::nullopt);
  EXPECT_EQ(made.rows, 4);
  EXPECT_TRUE(nlohmann::json::parse(to_json(made))["items"].is_null());
  EXPECT_THAT(to_text(made), HasSubstr("items       unknown\n"));
}

TEST_F(TableSummaryTest, OlderSnapshotIsCountedAsItWas) {
  const auto ids = make_table();
  const auto then = summarize(open(ids[0])).value();
  EXPECT_EQ(then.rows, 3);
  EXPECT_EQ(then.snapshot_id, ids[0]);
  EXPECT_EQ(then.snapshots, 3);
  EXPECT_EQ(then.items, std::nullopt) << "the object index is of the current snapshot";
  EXPECT_EQ(summary().rows, 5);
}

TEST_F(TableSummaryTest, TableWithoutSnapshotIsEmpty) {
  const auto file = catalog::CatalogFile::open(stores_, kCatalog, {.writable = true}).value();
  iceberg::CreateTableOptions create;
  create.schema = catalog::iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive));
  create.warehouse = kWarehouse;
  create.properties = {{"earthcatalog.grid.resolution", "1"}};
  ASSERT_TRUE(iceberg::Table::create(stores_, *file, create));
  const auto made = summary();
  EXPECT_EQ(made.snapshot_id, std::nullopt);
  EXPECT_EQ(made.files, 0);
  EXPECT_EQ(made.items, 0);
  EXPECT_THAT(made.largest_cells, IsEmpty());
  EXPECT_EQ(open().place().snapshot_id, std::nullopt);
}

TEST_F(TableSummaryTest, SumsEachCellAndYear) {
  make_table();
  catalog::CommitRequest more;
  more.added = {file_of("again", kNorth, 2020, 4), file_of("timeless", kSouth, std::nullopt, 1)};
  commit(more);
  const auto partitions = summarize_partitions(open()).value();
  ASSERT_EQ(partitions.size(), 3U);
  EXPECT_EQ(partitions[0].cell, kNorth);
  EXPECT_EQ(partitions[0].year, 2020);
  EXPECT_EQ(partitions[0].files, 2);
  EXPECT_EQ(partitions[0].rows, 6);
  EXPECT_EQ(partitions[0].bytes, 200);
  EXPECT_EQ(partitions[1].year, 2021);
  EXPECT_EQ(partitions[2].cell, kSouth);
  EXPECT_EQ(partitions[2].year, std::nullopt);
  EXPECT_EQ(summarize_partitions(open(), {.cells = {kSouth}}).value().size(), 1U);
}

TEST_F(TableSummaryTest, JsonNamesTheGridAndTheLargestCells) {
  make_small_table();
  const auto json = nlohmann::json::parse(to_json(summary()));
  EXPECT_EQ(json["grid"], (nlohmann::json{{"type", "h3"}, {"resolution", 1}}));
  EXPECT_EQ(json["schema"], "itslive");
  EXPECT_EQ(json["top_cells"], (nlohmann::json{{kNorth, 2}, {kSouth, 1}}));
  EXPECT_EQ(json["top_years"], (nlohmann::json{{"2020", 2}, {"unknown", 1}}));
}

}  // namespace
}  // namespace earthcatalog::read
