// A table that PyIceberg made as the Python peer does (tests/data/catalog/make_peer_table.py) is taken over; tables of
// other schemas are refused by the name of what is different.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "catalog/table_support.h"
#include "earthcatalog/catalog/table_schema.h"
#include "support/index_owners.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class PeerTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_time = kTestStart;
    living.clear();
    const std::filesystem::path folder = "tests/data/catalog/peer_table";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const auto where = stores_.locate("memory://peer/" + std::filesystem::relative(entry.path(), folder).string());
      ASSERT_TRUE(where->store->put(where->key, bytes));
    }
  }
  CatalogOptions options() {
    return writer_options("memory://peer/catalog.db", "memory://peer/wh", "r1", made_up_host("a", 1));
  }
  std::vector<index::ObjectEntry> owners(const Catalog& catalog, const std::string& id) {
    const auto item = identity_hash("itslive-granules", id);
    return testing::owners_of(catalog.index(), {&item, 1}).value();
  }

  storage::Stores stores_{{}};
};

TEST_F(PeerTableTest, IsReadUnchanged) {
  CatalogOptions reading;
  reading.catalog = "memory://peer/catalog.db";
  const auto catalog = Catalog::open(stores_, reading);
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ((*catalog)->grid().type, "h3");
  EXPECT_EQ((*catalog)->grid().resolution, 1) << "from its cells: no property says it";
  EXPECT_EQ((*catalog)->warehouse(), "memory://peer/wh");
  EXPECT_THAT(files_of((*catalog)->table()), SizeIs(3));
}

TEST_F(PeerTableTest, IsEvolvedByTheFirstCommit) {
  const auto catalog = Catalog::open(stores_, options());
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto columns = *(*catalog)->item_schema();
  EXPECT_EQ(columns, stac::initial_schema(stac::SchemaKind::kItslive));
  CommitRequest request;
  request.schema = (*catalog)->plan_schema(columns).value();
  EXPECT_EQ(request.schema->find("grid_primary")->field_id, 29);
  const Row row{.id = "new", .updated = 1, .collection = "itslive-granules"};
  request.added = {write_rows(stores_, "memory://peer/wh/new.parquet", "81063ffffffffff", 2020, {row})};
  request.objects.entries = {object_of("new", row, {"81063ffffffffff"}, 2020)};
  const auto done = (*catalog)->commit(request);
  ASSERT_TRUE(done) << done.error().message;
  const auto& metadata = (*catalog)->table().metadata();
  EXPECT_EQ(metadata.schema().fields, request.schema->fields);
  EXPECT_EQ(metadata.property("earthcatalog.grid.resolution"), "1");
  EXPECT_EQ(metadata.property("earthcatalog.grid.type"), "h3");
  EXPECT_EQ(metadata.property("write.data.path"), "memory://peer/wh");
  EXPECT_THAT(metadata.property("schema.name-mapping.default").value(),
              AllOf(HasSubstr("bbox"), HasSubstr("grid_primary"), HasSubstr("xmin"), HasSubstr("stac_extra")));
  EXPECT_THAT(files_of((*catalog)->table()), SizeIs(4));
}

TEST_F(PeerTableTest, HasItsRowsInTheIndex) {
  const auto catalog = Catalog::open(stores_, options());
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto b = owners(**catalog, "b");
  ASSERT_THAT(b, SizeIs(1));
  EXPECT_THAT(b[0].cells, ElementsAre("81063ffffffffff", "8106bffffffffff"));
  EXPECT_EQ(b[0].year, 2018);
  EXPECT_EQ(b[0].updated, parse_time("2018-07-12T10:03:22Z")->micros);
  EXPECT_EQ(b[0].name, "");
  EXPECT_THAT(owners(**catalog, "a"), SizeIs(1));
  EXPECT_EQ(owners(**catalog, "c").at(0).year, 2020);
}

TEST_F(PeerTableTest, OfAnotherResolutionThanAskedForIsRefused) {
  auto asked = options();
  asked.grid.resolution = 2;
  const auto refused = Catalog::open(stores_, asked);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("resolution 1"), HasSubstr("was 2")));
}

TEST_F(PeerTableTest, ReplacedItemLosesItsOwnerWithoutName) {
  const auto catalog = Catalog::open(stores_, options());
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto before = owners(**catalog, "a").at(0);
  const Row row{.id = "a", .updated = *before.updated + 1, .collection = "itslive-granules"};
  CommitRequest request;
  request.added = {write_rows(stores_, "memory://peer/wh/new.parquet", "81063ffffffffff", 2018, {row})};
  request.objects.entries = {object_of("a.stac.json", row, {"81063ffffffffff"}, 2018)};
  index::supersede(before, request.objects);
  ASSERT_TRUE((*catalog)->commit(request));
  EXPECT_THAT(owners(**catalog, "a"), ElementsAre(request.objects.entries[0]));
}

iceberg::Schema itslive() { return iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive)); }

TEST(TableSchema, ConvertsBothKindsThereAndBack) {
  for (const auto kind : {stac::SchemaKind::kItslive, stac::SchemaKind::kAuto}) {
    const auto columns = stac::initial_schema(kind);
    const auto recognized = recognize(iceberg_schema(columns));
    ASSERT_TRUE(recognized) << recognized.error().message;
    EXPECT_EQ(recognized->columns, columns);
    EXPECT_THAT(recognized->missing, SizeIs(0));
  }
}

TEST(TableSchema, GivesNestedIdsAfterAllTopLevelOnes) {
  const auto schema = itslive();
  EXPECT_EQ(schema.fields.size(), 31u);
  EXPECT_EQ(schema.fields.back().field_id, 31);
  EXPECT_EQ(schema.find("geometry_bbox")->type.fields.front().field_id, 32);
}

TEST(TableSchema, RefusesOtherSchemasAndNamesTheDifference) {
  const auto message = [](const iceberg::Schema& schema) {
    const auto recognized = recognize(schema);
    if (!recognized) return recognized.error().message;
    const auto writable = check_writable(*recognized);
    return writable ? std::string("accepted") : writable.error().message;
  };
  auto schema = itslive();
  schema.fields.erase(schema.fields.begin() + 5);
  EXPECT_THAT(message(schema), HasSubstr("no column \"percent_valid_pixels\""));
  schema = itslive();
  schema.fields[5].type.id = iceberg::TypeId::kString;
  EXPECT_THAT(message(schema), HasSubstr("\"percent_valid_pixels\" has type string, not long"));
  schema = itslive();
  schema.fields.push_back(iceberg_field({.name = "colour", .type = stac::ColumnType::kString}));
  EXPECT_THAT(message(schema), HasSubstr("a column \"colour\""));
  schema = itslive();
  schema.fields[0].required = true;
  EXPECT_THAT(message(schema), HasSubstr("\"id\" is required"));
  schema = itslive();
  schema.fields[29].type.fields.pop_back();
  EXPECT_THAT(message(schema), HasSubstr("\"geometry_bbox\" has type struct"));
  EXPECT_THAT(message({}), HasSubstr("no column \"id\""));
  schema = iceberg_schema(stac::initial_schema(stac::SchemaKind::kAuto));
  schema.fields.push_back(iceberg_field({.name = "day", .type = stac::ColumnType::kString}));
  schema.fields.back().type.id = iceberg::TypeId::kDate;
  EXPECT_THAT(message(schema), HasSubstr("\"day\" of type date"));
}

TEST(TableSchema, LeavesColumnsOfAnotherEngineOut) {
  auto schema = itslive();
  schema.fields.push_back(iceberg_field({.name = "colour", .type = stac::ColumnType::kString}));
  schema.fields.push_back({.field_id = 40, .name = "day", .type = {.id = iceberg::TypeId::kDate, .fields = {}}});
  const auto recognized = recognize(schema);
  ASSERT_TRUE(recognized) << recognized.error().message;
  EXPECT_EQ(recognized->columns, stac::initial_schema(stac::SchemaKind::kItslive));
  EXPECT_THAT(recognized->not_writable, HasSubstr("\"colour\""));
}

TEST(TableSchema, RefusesToWriteRowsOfAForeignSchema) {
  test_time = kTestStart;
  storage::Stores stores({});
  const auto file = CatalogFile::open(stores, "memory://other/catalog.db", {.writable = true}).value();
  iceberg::CreateTableOptions create;
  create.schema = itslive();
  create.schema.fields.push_back(iceberg_field({.name = "colour", .type = stac::ColumnType::kString}));
  create.warehouse = "memory://other/wh";
  create.properties = {{"earthcatalog.grid.resolution", "1"}};
  ASSERT_TRUE(iceberg::Table::create(stores, *file, create));
  const auto refused = Catalog::open(
      stores, writer_options("memory://other/catalog.db", "memory://other/wh", "r", made_up_host("a", 1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("colour"), HasSubstr("memory://other/catalog.db")));
  auto options = writer_options("memory://other/catalog.db", "memory://other/wh", "r", made_up_host("a", 1));
  options.adds_rows = false;
  EXPECT_TRUE(Catalog::open(stores, options)) << "it takes nothing away from who only removes";
  options.adds_rows = true;
  options.mode = OpenMode::kRead;
  EXPECT_TRUE(Catalog::open(stores, options));
}

}  // namespace
}  // namespace earthcatalog::catalog
