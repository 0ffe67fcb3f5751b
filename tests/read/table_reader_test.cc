#include "earthcatalog/read/table_reader.h"

#include <type_traits>

#include "read/read_support.h"

namespace earthcatalog::read {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using TableReaderTest = ReadTest;

std::vector<std::string> objects_of(storage::Stores& stores) {
  const auto where = stores.locate("memory://read/any").value();
  std::vector<std::string> keys;
  EXPECT_TRUE(where.store->list("", [&](const storage::ObjectInfo& object) -> Status {
    keys.push_back(object.key);
    return {};
  }));
  return keys;
}

TEST_F(TableReaderTest, MissingCatalogIsNotFoundAndNothingIsCreated) {
  const auto table = TableReader::open(stores_, {.catalog = kCatalog, .warehouse = kWarehouse});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(table.error().message, "there is no catalog memory://read/catalog.db; check the path");
  EXPECT_THAT(objects_of(stores_), IsEmpty());
}

TEST_F(TableReaderTest, CatalogWithoutTableIsNotFound) {
  // A run that was killed before its first commit leaves the fence of its lock.
  const auto file = catalog::CatalogFile::open(stores_, kCatalog, {.writable = true}).value();
  ASSERT_TRUE(file->exchange(std::nullopt, "token").value());
  const auto table = TableReader::open(stores_, {.catalog = kCatalog});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(table.error().message, HasSubstr("has no table earthcatalog.stac_items"));
}

TEST_F(TableReaderTest, NoDatabaseIsInvalidData) {
  const auto where = stores_.locate(kCatalog).value();
  ASSERT_TRUE(where.store->put(where.key, "no database"));
  const auto table = TableReader::open(stores_, {.catalog = kCatalog});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::kInvalidData);
}

TEST_F(TableReaderTest, OpensTheCurrentSnapshotWithGridAndSchema) {
  const auto ids = make_table();
  const auto table = open();
  EXPECT_EQ(table.place(), (TablePlace{.catalog = kCatalog, .warehouse = kWarehouse, .snapshot_id = ids[2]}));
  EXPECT_EQ(table.snapshot()->snapshot_id, ids[2]);
  EXPECT_EQ(table.grid().type, "h3");
  EXPECT_EQ(table.grid().resolution, 1);
  EXPECT_EQ(table.item_schema().kind, stac::SchemaKind::kItslive);
  EXPECT_THAT(files_of(table), ElementsAre("north_2020", "north_2021"));
}

TEST_F(TableReaderTest, TakesNoLock) {
  make_table();
  const auto holder = writer();
  EXPECT_TRUE(TableReader::open(stores_, {.catalog = kCatalog}));
  EXPECT_TRUE(holder->close());
}

TEST_F(TableReaderTest, OpensASnapshotById) {
  const auto ids = make_table();
  EXPECT_THAT(files_of(open(ids[0])), ElementsAre("north_2020", "south_2021"));
  EXPECT_THAT(files_of(open(ids[1])), ElementsAre("north_2020", "north_2021", "south_2021"));
  EXPECT_EQ(open(ids[1]).place().snapshot_id, ids[1]);
  EXPECT_THAT(files_of(open(ids[1]).at_snapshot(ids[0]).value()), ElementsAre("north_2020", "south_2021"));
}

TEST_F(TableReaderTest, FindsTheSnapshotThatWasCurrentAtATime) {
  const auto ids = make_table();
  const auto table = open();
  const auto at = [&](TimeMicros time) { return table.as_of(time).value().place().snapshot_id; };
  EXPECT_EQ(at(time_of(0)), ids[0]);
  EXPECT_EQ(at(time_of(1) - 1000), ids[0]);
  EXPECT_EQ(at(time_of(1)), ids[1]);
  EXPECT_EQ(at(time_of(1'000'000)), ids[2]);
}

TEST_F(TableReaderTest, TimeBeforeTheTableNamesTheOldestSnapshot) {
  const auto ids = make_table();
  const auto early = open().as_of(time_of(0) - kMicrosPerSecond);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(early.error().message, AllOf(HasSubstr("2020-09-13T12:26:39Z"), HasSubstr(std::to_string(ids[0])),
                                           HasSubstr("2020-09-13T12:26:40Z"), HasSubstr("`history()`")));
}

TEST_F(TableReaderTest, ExpiredSnapshotIsNotFoundByIdAndTime) {
  const auto ids = make_table();
  catalog::CommitRequest expiry;
  expiry.removed_snapshots = {ids[0]};
  commit(expiry);
  const auto by_id = TableReader::open(stores_, {.catalog = kCatalog, .snapshot_id = ids[0]});
  ASSERT_FALSE(by_id);
  EXPECT_EQ(by_id.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(by_id.error().message,
              AllOf(HasSubstr("expired"), HasSubstr(std::to_string(ids[0])), HasSubstr(std::to_string(ids[1]))));
  const auto by_time = open().as_of(time_of(0));
  ASSERT_FALSE(by_time);
  EXPECT_EQ(by_time.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(open().as_of(time_of(1)).value().place().snapshot_id, ids[1]);
}

TEST_F(TableReaderTest, ListsTheFilesOfCellsAndYears) {
  const auto ids = make_table();
  const auto table = open(ids[1]);
  EXPECT_THAT(files_of(table, {.cells = {kNorth}}), ElementsAre("north_2020", "north_2021"));
  EXPECT_THAT(files_of(table, {.years_since_1970 = {51}}), ElementsAre("north_2021", "south_2021"));
  EXPECT_THAT(files_of(table, {.cells = {kNorth}, .years_since_1970 = {51}}), ElementsAre("north_2021"));
  EXPECT_THAT(files_of(table, {.cells = {"810cbffffffffff"}}), IsEmpty());
}

TEST_F(TableReaderTest, KeepsItsSnapshotAndReopensFromItsPlace) {
  static_assert(std::is_copy_constructible_v<TableReader> && std::is_copy_assignable_v<TableReader>);
  make_table();
  const auto before = open();
  const auto files = files_of(before);
  catalog::CommitRequest more;
  more.added = {file_of("south_2022", kSouth, 2022, 1)};
  commit(more);
  EXPECT_EQ(files_of(before), files);
  EXPECT_EQ(files_of(TableReader::open(stores_, before.place()).value()), files);
  EXPECT_NE(files_of(open()), files);
}

TEST_F(TableReaderTest, OlderSnapshotHasItsOwnColumns) {
  schema_ = stac::SchemaKind::kAuto;
  catalog::CommitRequest first, second;
  first.added = {file_of("a", kNorth, 2020, 1)};
  const auto old = commit(first);
  {
    const auto catalog = writer();
    auto columns = *catalog->item_schema();
    columns.columns.push_back({.name = "colour", .type = stac::ColumnType::kString});
    second.schema = catalog->plan_schema(columns).value();
    ASSERT_TRUE(catalog->close());
  }
  second.added = {file_of("b", kNorth, 2021, 1)};
  commit(second);
  const auto has_colour = [](const TableReader& table) {
    const auto& columns = table.item_schema().columns;
    const bool as_item = std::ranges::find(columns, "colour", &stac::Column::name) != columns.end();
    EXPECT_EQ(as_item, table.schema().find("colour") != nullptr);
    return as_item;
  };
  EXPECT_TRUE(has_colour(open()));
  EXPECT_FALSE(has_colour(open(old)));
}

TEST_F(TableReaderTest, RefusesAnotherWarehouseAndNamesBoth) {
  make_table();
  const auto table = TableReader::open(stores_, {.catalog = kCatalog, .warehouse = "memory://read/other"});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(table.error().message, AllOf(HasSubstr(kWarehouse), HasSubstr("memory://read/other")));
}

TEST_F(TableReaderTest, ObjectIndexNeedsTheCurrentSnapshot) {
  const auto ids = make_table();
  EXPECT_TRUE(open().index_is_current());
  EXPECT_FALSE(open(ids[0]).index_is_current());
  catalog::OtherEngine(stores_, kCatalog).commit({file_of("foreign", kSouth, 2020, 1)}, {});
  EXPECT_FALSE(open().index_is_current());
}

}  // namespace
}  // namespace earthcatalog::read
