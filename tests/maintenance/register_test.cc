// Making a table of its data files: which rows count, and what a kill at any point leaves.
#include "earthcatalog/maintenance/recover/register.h"

#include <arrow/api.h>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/maintenance/recover/found_files.h"
#include "earthcatalog/maintenance/recover/row_choice.h"
#include "earthcatalog/maintenance/recover/schema_union.h"
#include "maintenance/item_files.h"

namespace earthcatalog::maintenance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Choosing : public ::testing::Test {
 protected:
  Choosing() : warehouse_(fmt::format("choose{}", tests_++)) {}
  void write(const std::string& cell, const std::string& name, const std::vector<Item>& items) {
    write_items(warehouse_, cell, name, items);
  }
  // "name: rows that stay of rows", in the order of names.
  std::vector<std::string> choose() {
    const auto files = maintenance::find_data_files(warehouse_.stores, warehouse_.uri("")).value();
    const auto choices = maintenance::choose_rows(warehouse_.stores, itslive(), files, 2);
    if (!choices) return {choices.error().message};
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string& path = files[i].file.file_path;
      const auto& choice = (*choices)[i];
      lines.push_back(fmt::format("{}: {} of {}", path.substr(path.rfind('/') + 1, path.size() - path.rfind('/') - 9),
                                  choice.rows - std::ssize(choice.dropped), choice.rows));
    }
    return lines;
  }

  static inline int tests_ = 0;
  Warehouse warehouse_;
};

TEST_F(Choosing, IgnoresRowsOfRewrittenFiles) {
  write(kOneCell, "a_old", {{"x", 1}, {"y", 1}, {"z", std::nullopt}});
  write(kOneCell, "b_rewritten", {{"y", 1}, {"z", std::nullopt}});
  write(kOneCell, "c_newer", {{"x", 2}});
  EXPECT_THAT(choose(), ElementsAre("a_old: 0 of 3", "b_rewritten: 2 of 2", "c_newer: 1 of 1"));
}

// It left the cell with its newer version; by cells alone the old row would come back.
TEST_F(Choosing, MovedItemLeavesItsOldCell) {
  write(kOneCell, "a", {{"moved", 1}, {"stays", 1}});
  write(kOneCell, "b", {{"stays", 1}});
  write(kOtherCell, "c", {{"moved", 2}});
  EXPECT_THAT(choose(), ElementsAre("a: 0 of 2", "b: 1 of 1", "c: 1 of 1"));
}

TEST_F(Choosing, RowsOfOneVersionInTwoCellsAreTheItemsOwn) {
  write(kOneCell, "a", {{"x", 1}});
  write(kOtherCell, "b", {{"x", 1}});
  EXPECT_THAT(choose(), ElementsAre("a: 1 of 1", "b: 1 of 1"));
}

TEST_F(Choosing, LaterFileWinsARow) {
  write(kOneCell, "b_first", {{"x", 1}});
  write(kOneCell, "a_second", {{"x", 1}, {"y", 1}});
  EXPECT_THAT(choose(), ElementsAre("a_second: 2 of 2", "b_first: 0 of 1"));
}

TEST_F(Choosing, AVersionWithoutATimeIsTheOldest) {
  write(kOneCell, "a", {{"x", -5}});
  write(kOneCell, "b", {{"x", std::nullopt}});
  EXPECT_THAT(choose(), ElementsAre("a: 1 of 1", "b: 0 of 1"));
}

TEST_F(Choosing, AFileWithAnItemTwiceIsRefused) {
  write(kOneCell, "a", {{"x", 1}, {"x", 1}});
  EXPECT_THAT(choose(), ElementsAre(AllOf(HasSubstr("a.parquet"), HasSubstr("twice"))));
}

TEST(FoundFiles, SayTheirPartitionByTheirNames) {
  const auto partition = [](const std::string& name) { return maintenance::partition_of_name("s3://b/w/" + name); };
  EXPECT_EQ(partition("grid_partition=81063ffffffffff/year=2020/part_000000_01234567.parquet"),
            (iceberg::PartitionKey{.cell = kOneCell, .year_since_1970 = 50}));
  EXPECT_EQ(partition("grid_partition=__none__/year=unknown/x.parquet"),
            (iceberg::PartitionKey{.cell = "__none__", .year_since_1970 = {}}));
  for (const char* name : {"grid_partition=a/x.parquet", "year=2020/x.parquet", "grid_partition=a/year=2020/x.txt",
                           "grid_partition=a/year=2020/deeper/x.parquet", "grid_partition=a/year=now/x.parquet",
                           "grid_partition=/year=2020/x.parquet", "grid_partition=a/b/year=2020/x.parquet"}) {
    EXPECT_FALSE(partition(name)) << name;
  }
}

TEST(SchemaUnion, AddsColumnsThatCameLater) {
  auto schema = catalog::iceberg_schema(stac::initial_schema(stac::SchemaKind::kAuto));
  maintenance::SchemaUnion all;
  ASSERT_TRUE(all.add({.schema = schema, .has_field_ids = true, .rows = 1}, "first"));
  schema.fields.push_back(
      {.field_id = 40, .name = "eo:cloud_cover", .type = {.id = iceberg::TypeId::kDouble, .fields = {}}});
  ASSERT_TRUE(all.add({.schema = schema, .has_field_ids = true, .rows = 1}, "second"));
  EXPECT_EQ(all.finish().value().fields, schema.fields);
  schema.fields.back().name = "eo:snow_cover";
  const auto other = all.add({.schema = schema, .has_field_ids = true, .rows = 1}, "third");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, AllOf(HasSubstr("eo:snow_cover"), HasSubstr("second"), HasSubstr("third")));
}

// The peer's: 28 columns, no ids, integers of 32 bits.
TEST(SchemaUnion, OfFilesWithoutIdsGetsThoseOfANewTable) {
  auto schema = itslive();
  schema.fields.resize(28);
  for (auto& field : schema.fields) {
    field.field_id = 0;
    if (field.type.id == iceberg::TypeId::kLong) field.type.id = iceberg::TypeId::kInt;
  }
  maintenance::SchemaUnion all;
  ASSERT_TRUE(all.add({.schema = schema, .has_field_ids = false, .rows = 1}, "f"));
  EXPECT_EQ(all.finish().value().fields, itslive().fields);
}

TEST(SchemaUnion, OfFilesThatAreNoItemsIsRefused) {
  maintenance::SchemaUnion all;
  iceberg::Schema schema;
  schema.fields.push_back({.field_id = 1, .name = "a", .type = {.id = iceberg::TypeId::kLong, .fields = {}}});
  ASSERT_TRUE(all.add({.schema = schema, .has_field_ids = true, .rows = 1}, "f"));
  EXPECT_EQ(all.finish().error().kind, ErrorKind::kUnsupported);
}

// --- kills

maintenance::RegisterSpec spec_for(const Warehouse& warehouse, std::int64_t pid) {
  maintenance::RegisterSpec spec;
  spec.catalog = warehouse.options(pid);
  spec.rewrite = true;
  return spec;
}

void fill(Warehouse& warehouse) {
  write_items(warehouse, kOneCell, "a", {{"x", 1}, {"y", 1}});
  write_items(warehouse, kOneCell, "b", {{"x", 2}});
  write_items(warehouse, kOtherCell, "c", {{"z", 1}});
}

std::int64_t rows_of(const iceberg::Table& table) {
  std::int64_t rows = 0;
  EXPECT_TRUE(table.list_files({}, [&](iceberg::DataFile&& file) -> Status {
    rows += file.record_count;
    return {};
  }));
  return rows;
}

bool kill_registration_at(int nth, storage::Fault::Effect effect) {
  static int tables = 0;
  Warehouse warehouse(fmt::format("register_kill{}", tables++));
  fill(warehouse);
  warehouse.store->add({.nth = nth, .times = 1, .effect = effect});
  warehouse.store->add({.nth = nth + 1, .times = storage::Fault::kForEver});
  maintenance::RegisterReport report;
  [[maybe_unused]] const auto killed = maintenance::run_register(warehouse.stores, spec_for(warehouse, 2), report);
  const bool met = warehouse.store->disturbed() > 0;
  warehouse.store->clear();
  catalog::living.erase(2);
  const auto again = maintenance::run_register(warehouse.stores, spec_for(warehouse, 3), report = {});
  const bool done_before = !again && again.error().kind == ErrorKind::kAlreadyExists;
  EXPECT_TRUE(again || done_before) << "call " << nth << ": " << again.error().message;
  const auto table = warehouse.table();
  EXPECT_EQ(rows_of(table), 3) << "call " << nth;
  EXPECT_EQ(table.metadata().snapshots.size(), 1U);
  EXPECT_EQ(table.current_snapshot()->summary.at("earthcatalog.reconstructed"), "true");
  return met;
}

void kill_registration(storage::Fault::Effect effect) {
  int calls = 0;
  while (kill_registration_at(calls + 1, effect) && !::testing::Test::HasFailure()) ++calls;
  EXPECT_GT(calls, 10);
}

TEST(RegisterKilled, BeforeAnyCall) { kill_registration(storage::Fault::Effect::kFail); }
TEST(RegisterKilled, AfterAnyCall) { kill_registration(storage::Fault::Effect::kLoseReply); }

TEST(Registering, RefusesAFileWithNumericIds) {
  Warehouse warehouse("register_numbers");
  auto schema = itslive();
  std::ranges::find(schema.fields, "id", &iceberg::NestedField::name)->type.id = iceberg::TypeId::kLong;
  arrow::Int64Builder ids;
  ASSERT_TRUE(ids.AppendValues({1, 2, 3}).ok());
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), 3, {ids.Finish().ValueOrDie()});
  const auto where =
      warehouse.stores.locate(warehouse.uri(fmt::format("grid_partition={}/year=2020/n.parquet", kOneCell))).value();
  ASSERT_TRUE(geoparquet::write_file(where, {geoparquet::conform(rows, schema).value()}, schema,
                                     {.cell = kOneCell, .year_since_1970 = 50}, {.covering = false}));
  maintenance::RegisterReport report;
  const auto status = maintenance::run_register(warehouse.stores, spec_for(warehouse, 2), report);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("column \"id\" has type long"));

  const auto reader = geoparquet::FileReader::open(warehouse.stores, where.uri(), std::nullopt).value();
  EXPECT_EQ(maintenance::read_items(*reader, schema).error().kind, ErrorKind::kInvalidData);
}

TEST(Registering, HeldLockStopsBeforeAnyWrite) {
  Warehouse warehouse("register_locked");
  fill(warehouse);
  const auto other = catalog::Catalog::open(warehouse.stores, warehouse.options(7)).value();
  const auto before = warehouse.keys();
  maintenance::RegisterReport report;
  const auto status = maintenance::run_register(warehouse.stores, spec_for(warehouse, 2), report);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("CatalogLocked"));
  EXPECT_EQ(warehouse.keys(), before);
}

}  // namespace
}  // namespace earthcatalog::maintenance
