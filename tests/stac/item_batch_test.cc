#include "earthcatalog/stac/item_batch.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "stac/items.h"
#include "stac/json_value.h"

namespace earthcatalog::stac::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Key;

std::shared_ptr<const ItemSchema> shared(ItemSchema schema) {
  return std::make_shared<const ItemSchema>(std::move(schema));
}

TEST(ItemParser, DescribesTheItem) {
  const auto row = parse(read_item_file("itslive-0.json"));
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->item.itslive);
  EXPECT_EQ(row->item.row, 0U);
  EXPECT_EQ(row->item.identity, identity_hash("itslive-granules", cell(*row->batch, "id")));
  ASSERT_TRUE(row->item.datetime && row->item.updated);
  EXPECT_EQ(utc_year(*row->item.datetime), 2025);
  EXPECT_EQ(row->wkb.size(), 1 + 4 + 4 + 4 + 17 * 16U);
  EXPECT_TRUE(row->item.problems.empty());
}

TEST(ItemParser, IdentityNeedsNoCollection) {
  const auto row = parse(R"({"type":"Feature","id":"a","collection":5,"properties":{"collection":"x"}})");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->item.identity, identity_hash("", "a"));
  EXPECT_FALSE(row->item.itslive);
}

TEST(ItemBatch, HasTheColumnsOfItsSchemaWithoutThoseOfTheRow) {
  for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
    const auto rows = parse_all({read_item_file("itslive-0.json"), read_item_file("naip.json")}, kind);
    ItemSchema schema = initial_schema(kind);
    const auto expected = arrow_schema(schema);
    int column = 0;
    for (const auto& field : expected->fields()) {
      if (is_row_column(field->name())) continue;
      EXPECT_EQ(rows->schema()->field(column)->ToString(), field->ToString());
      ++column;
    }
    EXPECT_EQ(rows->num_columns() == column, kind == SchemaKind::kItslive);
  }
}

TEST(ItemBatch, GoldenItsliveRow) {
  const auto rows = parse_all({read_item_file("itslive-0.json")}, SchemaKind::kItslive);
  const std::vector<std::pair<std::string, std::string>> expected = {{"datetime", "2025-07-12 07:36:29.3"},
                                                                     {"platform", "S2A"},
                                                                     {"percent_valid_pixels", "44"},
                                                                     {"date_dt", "32"},
                                                                     {"proj:code", "EPSG:3413"},
                                                                     {"stac_version", "1.1.0"},
                                                                     {"type", "Feature"},
                                                                     {"version", "002"},
                                                                     {"sat:orbit_state", "N/A"},
                                                                     {"collection", "itslive-granules"},
                                                                     {"latitude", "67.075"},
                                                                     {"longitude", "-29.7906"},
                                                                     {"bbox", "[-31.3594,66.4726,-28.2658,67.6774]"}};
  for (const auto& [column, value] : expected) {
    EXPECT_EQ(cell(*rows, column).substr(0, value.size()), value) << column;
  }
  const auto item = read_json(read_item_file("itslive-0.json"));
  for (const char* name : {"assets", "links", "stac_extensions", "bbox"}) {
    const auto text = read_json(cell(*rows, name));
    ASSERT_TRUE(text) << name;
    EXPECT_EQ(write_json(*text), write_json(*item->find(name)));
    EXPECT_EQ(cell(*rows, name).find('\n'), std::string::npos);
  }
}

TEST(ItemBatch, OldVersionsAreNotRewritten) {
  const auto rows =
      parse_all({read_item_file("shape-of-0.6.json"), read_item_file("shape-of-0.9.json")}, SchemaKind::kAuto);
  EXPECT_EQ(cell(*rows, "stac_version", 0), "null");
  EXPECT_EQ(cell(*rows, "collection", 0), "null");  // it is a property there
  EXPECT_EQ(cell(*rows, "eo:epsg", 0), "32735");
  EXPECT_EQ(cell(*rows, "dtr:end_datetime", 0), "2017-05-28 09:01:30.500000Z");
  EXPECT_EQ(cell(*rows, "links", 0), R"({"self":{"rel":"self","href":"CB04-090-084.json"}})");
  EXPECT_EQ(cell(*rows, "stac_extra", 0),
            R"({"properties":{"datetime":"2017-05-28T09:01:17","collection":"CBERS-MUX"}})");
  EXPECT_EQ(cell(*rows, "collection", 1), "scenes-l1");
  EXPECT_EQ(cell(*rows, "gsd", 1), "15");
  EXPECT_EQ(cell(*rows, "eo:cloud_cover", 1), "78");
  EXPECT_EQ(cell(*rows, "proj:epsg", 1), "32656");
  EXPECT_EQ(cell(*rows, "stac_extensions", 1),
            R"(["eo","view","projection","https://example.com/landsat/schema.json"])");
}

TEST(ItemBatch, ObservesScalarPropertiesWithoutColumn) {
  ItemParser parser;
  ItemBatch batch(shared(initial_schema(SchemaKind::kAuto)));
  ASSERT_TRUE(
      parser.append(make_item(R"({"a":1,"b":"x","c":null,"d":[],"platform":"p","Platform":"q","year":1})"), batch));
  ASSERT_TRUE(parser.append(make_item(R"({"a":"y","e":true})"), batch));
  EXPECT_THAT(batch.observed(), ElementsAre(Key("a"), Key("b"), Key("e")));
  EXPECT_EQ(batch.observed().at("a"), (PropertyKinds{.number = true, .boolean = false, .string = true}));
  EXPECT_EQ(batch.observed().at("e"), (PropertyKinds{.number = false, .boolean = true, .string = false}));
}

TEST(ItemBatch, ItsliveObservesNothing) {
  ItemParser parser;
  ItemBatch batch(shared(initial_schema(SchemaKind::kItslive)));
  ASSERT_TRUE(parser.append(make_item(R"({"a":1})"), batch));
  EXPECT_TRUE(batch.observed().empty());
}

// The same item must give the same row whether its columns came before it, with it, or from another batch.
TEST(ItemBatch, ColumnsThatComeLateHoldTheSame) {
  const std::string item =
      make_item(R"({"n":1.5,"s":"a\"b","b":true,"proj:epsg":4326.0,"expires":"2020-01-01T00:00:00","m":"x"})");
  const ItemSchema first = initial_schema(SchemaKind::kAuto);
  const PropertyKinds number{.number = true, .boolean = false, .string = false},
      string{.number = false, .boolean = false, .string = true};
  const ItemSchema evolved = evolve(first,
                                    {{"n", number},
                                     {"s", string},
                                     {"b", {false, true, false}},
                                     {"proj:epsg", number},
                                     {"expires", string},
                                     {"m", number},
                                     {"unused", string}},
                                    400);
  ItemParser parser;
  ItemBatch late(shared(first)), early(shared(evolved));
  ASSERT_TRUE(parser.append(make_item(), late) && parser.append(item, late));
  ASSERT_TRUE(parser.append(make_item(), early) && parser.append(item, early));
  const auto a = late.finish(evolved), b = early.finish(evolved);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE((*a)->ValidateFull().ok());
  EXPECT_TRUE((*a)->Equals(**b)) << (*a)->ToString() << (*b)->ToString();
  EXPECT_EQ(cell(**a, "proj:epsg", 1), "4326");
  EXPECT_EQ(cell(**a, "s", 1), "a\"b");
  EXPECT_EQ(cell(**a, "unused", 1), "null");
  EXPECT_EQ(cell(**a, "stac_extra", 1), R"({"properties":{"expires":"2020-01-01T00:00:00","m":"x"}})");
}

TEST(ItemBatch, FinishEndsIt) {
  ItemParser parser;
  const auto schema = shared(initial_schema(SchemaKind::kItslive));
  ItemBatch batch(schema);
  const auto none = batch.finish(*schema);
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)->num_rows(), 0);
  EXPECT_TRUE((*none)->ValidateFull().ok());
}

// Bytes of private memory that the process has asked the system for.
double private_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages[6] = {};
  for (std::int64_t& count : pages) statm >> count;
  return static_cast<double>(pages[5]) * 4096;
}

TEST(ItemBatch, BytesMatchTheAllocations) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's allocator asks for more";
#endif
  const std::vector<std::string> items = {read_item_file("itslive-0.json"), read_item_file("sentinel-2-l2a.json")};
  for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
    ItemParser parser;
    ItemBatch warm(shared(initial_schema(kind)));
    for (const std::string& json : items) ASSERT_TRUE(parser.append(json, warm));
    const double before = private_bytes();
    ItemBatch batch(shared(initial_schema(kind)));
    for (int i = 0; i < 4000; ++i) ASSERT_TRUE(parser.append(items[i % 2], batch));
    const double held = private_bytes() - before;
    EXPECT_NEAR(static_cast<double>(batch.bytes()), held, 0.1 * held);
    EXPECT_LT(static_cast<double>(batch.bytes()), 1.2 * 2000 * static_cast<double>(items[0].size() + items[1].size()));
  }
}

}  // namespace
}  // namespace earthcatalog::stac::testing
