// What goes to stac_extra, and nothing else does.
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stac/items.h"

namespace earthcatalog::stac::testing {
namespace {

std::string extra(const std::string& json, SchemaKind kind = SchemaKind::kItslive) {
  EXPECT_EQ(round_trip(json, SchemaKind::kItslive), "") << json;
  EXPECT_EQ(round_trip(json, SchemaKind::kAuto), "") << json;
  const auto row = parse(json, kind);
  EXPECT_TRUE(row);
  return cell(*row->batch, "stac_extra");
}

std::string column(const std::string& json, const std::string& name, SchemaKind kind = SchemaKind::kItslive) {
  return cell(*parse(json, kind)->batch, name);
}

TEST(Extra, IsNullForAnItemThatColumnsHold) {
  EXPECT_EQ(extra(read_item_file("itslive-0.json")), "null");
  EXPECT_EQ(extra(make_item()), "null");
  EXPECT_EQ(extra(make_item(R"({"gsd":30,"x":1.5,"y":"z","w":true})"), SchemaKind::kAuto), "null");
}

TEST(Extra, ForeignMembers) {
  EXPECT_EQ(extra(make_item("{}", "null", R"(, "conformsTo": [ "a b" ], "x": { "y" : 1e5 })")),
            R"({"geometry":null,"conformsTo":["a b"],"x":{"y":1e5}})");
}

TEST(Extra, ForeignMembersThatAreNamedLikeColumns) {
  const std::string more =
      R"(,"datetime":"2020-01-01T00:00:00Z","grid_partition":"x","stac_extra":{},"geometry_bbox":[],"platform":"p")";
  EXPECT_EQ(extra(make_item("{}", R"({"type":"Point","coordinates":[1,2]})", more)), "{" + more.substr(1) + "}");
  EXPECT_EQ(column(make_item("{}", "null", more), "platform"), "null");
}

TEST(Extra, ExplicitNulls) {
  EXPECT_EQ(
      extra(
          R"({"type":"Feature","id":"a","geometry":null,"bbox":null,"collection":null,"links":null,"properties":{"platform":null,"x":null}})"),
      R"({"geometry":null,"bbox":null,"collection":null,"links":null,"properties":{"platform":null,"x":null}})");
}

TEST(Extra, ObjectsAndArraysInProperties) {
  EXPECT_EQ(extra(make_item(R"({"proj:shape":[1, 2],"platform":{"a":[]},"x":{}})"), SchemaKind::kAuto),
            R"({"properties":{"proj:shape":[1,2],"platform":{"a":[]},"x":{}}})");
}

TEST(Extra, ItsliveKeepsOtherPropertiesThere) {
  EXPECT_EQ(extra(make_item(R"({"gsd":30,"x":"y"})")), R"({"properties":{"gsd":30,"x":"y"}})");
}

TEST(Extra, ValuesOfAnotherTypeThanTheirColumn) {
  EXPECT_EQ(extra(make_item(R"({"platform":5,"latitude":"7","date_dt":true,"version":2,"percent_valid_pixels":"50"})")),
            R"({"properties":{"platform":5,"latitude":"7","date_dt":true,"version":2,"percent_valid_pixels":"50"}})");
  EXPECT_EQ(extra(make_item(R"({"eo:cloud_cover":"7","deprecated":"no","gsd":true})"), SchemaKind::kAuto),
            R"({"properties":{"eo:cloud_cover":"7","deprecated":"no","gsd":true}})");
}

TEST(Extra, MembersOfAnotherType) {
  EXPECT_EQ(
      extra(
          R"({"type":"Feature","id":"a","stac_version":1,"collection":{"a":1},"bbox":"x","assets":5,"links":false,"properties":{}})"),
      R"({"stac_version":1,"collection":{"a":1},"bbox":"x","assets":5,"links":false})");
}

TEST(Extra, JsonMembersMayBeObjectsOrArrays) {
  const std::string item = R"({"type":"Feature","id":"a","links":{"self":{"href":"x"}},"assets":[1],"properties":{}})";
  EXPECT_EQ(extra(item), "null");
  EXPECT_EQ(column(item, "links"), R"({"self":{"href":"x"}})");
}

TEST(Extra, NumbersThatAColumnDoesNotHold) {
  EXPECT_EQ(
      extra(make_item(R"({"latitude":9007199254740993,"longitude":1e999,"date_dt":16.5,"percent_valid_pixels":1e30})")),
      R"({"properties":{"latitude":9007199254740993,"longitude":1e999,"date_dt":16.5,"percent_valid_pixels":1e30}})");
  EXPECT_EQ(extra(make_item(R"({"latitude":1e-999,"date_dt":9223372036854775808})")),
            R"({"properties":{"latitude":1e-999,"date_dt":9223372036854775808}})");
}

TEST(Extra, NumbersThatAColumnHolds) {
  const std::string item = make_item(
      R"({"date_dt":16.0,"percent_valid_pixels":9223372036854775807,"latitude":9007199254740992,"longitude":-0})");
  EXPECT_EQ(extra(item), "null");
  EXPECT_EQ(column(item, "date_dt"), "16");
  EXPECT_EQ(column(item, "percent_valid_pixels"), "9223372036854775807");
}

TEST(Extra, NamesThatCollide) {
  const std::string properties =
      R"({"id":"x","collection":"y","type":"z","bbox":[1],"grid_partition":"a","stac_extra":"b","Platform":"c","DATETIME":"d","year":2020})";
  EXPECT_EQ(extra(make_item(properties), SchemaKind::kAuto), R"({"properties":)" + properties + "}");
  EXPECT_EQ(column(make_item(properties), "collection"), "c");
  // Of two that differ by case alone, the first in bytewise order gets the column.
  const std::string both = make_item(R"({"foo":1,"Foo":2})");
  EXPECT_EQ(extra(both, SchemaKind::kAuto), R"({"properties":{"foo":1}})");
  EXPECT_EQ(column(both, "Foo", SchemaKind::kAuto), "2");
}

TEST(Extra, PropertiesThatAreNoObject) {
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a"})"), R"({"properties":[]})");
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a","properties":null})"), R"({"properties":[null]})");
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a","properties":[]})"), R"({"properties":[[]]})");
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a","properties":[1, {}]})"), R"({"properties":[[1,{}]]})");
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a","properties":"x"})"), R"({"properties":["x"]})");
  EXPECT_EQ(extra(R"({"type":"Feature","id":"a","properties":{}})"), "null");
}

TEST(Extra, NamesAndTextWithEscapes) {
  const std::string item = make_item(R"({"plat\u0066orm":"a\u00e9\ud83d\ude00\n\"","x\"y":1,"t\tb":"\u0000","":3})");
  EXPECT_EQ(column(item, "platform"), "a\u00e9\U0001f600\n\"");
  EXPECT_EQ(extra(item), R"({"properties":{"x\"y":1,"t\tb":"\u0000","":3}})");
  EXPECT_EQ(extra(item, SchemaKind::kAuto), R"({"properties":{"t\tb":"\u0000","":3}})");
}

TEST(Extra, BeyondMaxColumns) {
  const std::string item = make_item(R"({"d":1,"b":"x","c":true,"a":2.5})");
  const auto rows = parse_all({item}, SchemaKind::kAuto, 21);
  EXPECT_EQ(cell(*rows, "a"), "2.5");
  EXPECT_EQ(cell(*rows, "b"), "x");
  EXPECT_EQ(cell(*rows, "stac_extra"), R"({"properties":{"d":1,"c":true}})");
  EXPECT_EQ(round_trip(item, SchemaKind::kAuto, 21), "");
}

TEST(Extra, KeepsDuplicateKeysOfNestedObjects) {
  const std::string item = R"({"type":"Feature","id":"a","assets":{"a":1,"a":2},"x":{"b":1,"b":2},"properties":{}})";
  EXPECT_EQ(column(item, "assets"), R"({"a":1,"a":2})");
  EXPECT_EQ(extra(item), R"({"x":{"b":1,"b":2}})");
}

}  // namespace
}  // namespace earthcatalog::stac::testing
