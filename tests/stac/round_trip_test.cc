// Item -> columns -> item, for real items and for what chance makes of them.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stac/items.h"
#include "stac/json_value.h"

namespace earthcatalog::stac::testing {
namespace {

TEST(RoundTrip, RealItems) {
  ASSERT_GE(item_files().size(), 8U);
  for (const std::string& name : item_files()) {
    for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
      EXPECT_EQ(round_trip(read_item_file(name), kind), "") << name;
    }
  }
}

TEST(RoundTrip, RealItemsInOneBatch) {
  for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
    std::vector<std::string> items;
    for (int i = 0; i < 3; ++i) {
      for (const std::string& name : item_files()) items.push_back(read_item_file(name));
    }
    const auto rows = parse_all(items, kind);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto rebuilt = read_json(rebuild(rows, static_cast<std::int64_t>(i)));
      ASSERT_TRUE(rebuilt);
      EXPECT_EQ(difference(*read_json(items[i]), *rebuilt), std::nullopt) << i;
    }
  }
}

// The oracle must see what matters, or the tests above say nothing.
TEST(RoundTrip, ComparisonSeesDifferences) {
  const auto differ = [](const char* a, const char* b) { return difference(*read_json(a), *read_json(b)).has_value(); };
  EXPECT_FALSE(differ(R"({"a":16.0,"b":1e2,"c":-0})", R"({"c":0,"b":100,"a":16})"));
  EXPECT_TRUE(differ(R"({"a":9007199254740993})", R"({"a":9007199254740992})"));
  EXPECT_TRUE(differ(R"({"a":9007199254740993})", R"({"a":9007199254740993.0})"));
  EXPECT_TRUE(differ(R"({"a":null})", R"({})"));
  EXPECT_TRUE(differ(R"({})", R"({"a":null})"));
  EXPECT_TRUE(differ(R"({"a":1e-999})", R"({"a":0})"));
  EXPECT_TRUE(differ(R"({"a":"x"})", R"({"a":"X"})"));
  EXPECT_FALSE(differ(R"({"properties":{"datetime":"2020-01-01T01:00:00+01:00"}})",
                      R"({"properties":{"datetime":"2020-01-01T00:00:00Z"}})"));
  EXPECT_TRUE(differ(R"({"properties":{"datetime":"2020-01-01T00:00:00"}})",
                     R"({"properties":{"datetime":"2020-01-01T00:00:00Z"}})"));
  EXPECT_TRUE(differ(R"({"properties":{"mine":"2020-01-01T01:00:00+01:00"}})",
                     R"({"properties":{"mine":"2020-01-01T00:00:00Z"}})"));
  EXPECT_FALSE(read_json("{\"a\":NaN}") || read_json("{} x") || read_json("{\"a\":\"\\ud800\"}"));
}

const std::vector<std::string> kOddScalars = {"null",
                                              "true",
                                              "false",
                                              "0",
                                              "-0",
                                              "-0.0",
                                              "1.0",
                                              "16.5",
                                              "1e2",
                                              "9007199254740992",
                                              "9007199254740993",
                                              "-9223372036854775808",
                                              "9223372036854775808",
                                              "123456789012345678901234567890",
                                              "1e22",
                                              "1.2345678901234567e17",
                                              "1e308",
                                              "1e999",
                                              "1e-999",
                                              "5e-324",
                                              "0.1",
                                              "0.30000000000000004",
                                              "179.99999999999997",
                                              "\"\"",
                                              "\"x\"",
                                              "\"\\u0000\"",
                                              "\"\\\"\\\\\\/\"",
                                              "\"gr\\u00f6\\u00dfe \\ud83d\\ude00\"",
                                              "\"\xe2\x82\xac\"",
                                              "\"true\"",
                                              "\"12\"",
                                              "\"2020-01-01T00:00:00Z\"",
                                              "\"2020-01-01T00:00:00.1234567Z\"",
                                              "\"2020-01-01T00:00:00\"",
                                              "\"2020-06-01T00:00:00+14:00\"",
                                              "\"2020-01-01\"",
                                              "\"2016-12-31T23:59:60Z\"",
                                              "\"0001-01-01T00:00:00Z\"",
                                              "\"9999-12-31T23:59:59.999999Z\"",
                                              "\"0000-01-01T00:00:00Z\"",
                                              "\"2020-01-01T00:00:00.500000Z\"",
                                              "\"1969-12-31T23:59:59.999999Z\""};

const std::vector<std::string> kNames = {"id",
                                         "type",
                                         "geometry",
                                         "bbox",
                                         "links",
                                         "assets",
                                         "collection",
                                         "stac_version",
                                         "stac_extensions",
                                         "datetime",
                                         "platform",
                                         "Platform",
                                         "created",
                                         "updated",
                                         "start_datetime",
                                         "end_datetime",
                                         "grid_partition",
                                         "grid_primary",
                                         "geometry_bbox",
                                         "geometry_bbox.xmin",
                                         "stac_extra",
                                         "properties",
                                         "year",
                                         "_id",
                                         "",
                                         "a",
                                         "A",
                                         "b\\n",
                                         "x\\\"y",
                                         "gr\xc3\xb6\xc3\x9f"
                                         "e",
                                         "date_dt",
                                         "latitude",
                                         "version",
                                         "percent_valid_pixels",
                                         "mid_datetime",
                                         "gsd",
                                         "proj:epsg",
                                         "eo:cloud_cover",
                                         "deprecated",
                                         "expires",
                                         "published"};

const std::vector<std::string> kGeometries = {
    "null",
    "{}",
    "[]",
    "5",
    R"({"type":"Point","coordinates":[1,2]})",
    R"({"type":"Point","coordinates":[1,2,3]})",
    R"({"type":"Point","coordinates":[1,2,3,4]})",
    R"({"type":"Point","coordinates":[1e999,2]})",
    R"({"type":"Point","coordinates":[1,95]})",
    R"({"coordinates":[[0,0],[1,1,1]],"type":"LineString"})",
    R"({"type":"MultiPoint","coordinates":[[0,0],[1,1]],"x":1})",
    R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]})",
    R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]})",
    R"({"type":"Polygon","coordinates":[[]]})",
    R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[-0.0,0.1]}]})",
    R"({"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[5,5,1],[6,5,1],[6,6,1],[5,5,1]]]]})"};

rc::Gen<std::string> any_json(int depth) {
  if (depth == 0) return rc::gen::elementOf(kOddScalars);
  return rc::gen::mapcat(rc::gen::inRange(0, 6), [depth](int choice) -> rc::Gen<std::string> {
    const auto inner = rc::gen::container<std::vector<std::string>>(any_json(depth - 1));
    if (choice == 0) {
      return rc::gen::map(inner, [](const std::vector<std::string>& elements) {
        return "[" + fmt::format("{}", fmt::join(elements, ", ")) + "]";
      });
    }
    if (choice == 1) {
      return rc::gen::map(inner, [](const std::vector<std::string>& elements) {
        std::string text = "{";
        for (std::size_t i = 0; i < elements.size(); ++i)
          text += fmt::format("{}\"k{}\" : {}", i == 0 ? "" : ",\n", i, elements[i]);
        return text + "}";
      });
    }
    return rc::gen::elementOf(kOddScalars);
  });
}

// Puts `value` under `name`, raw, into the object; false if the name is there.
void put(JsonValue& object, const std::string& raw_name, const std::string& raw_value) {
  const auto name = read_json("\"" + raw_name + "\"");
  const auto value = read_json(raw_value);
  RC_ASSERT(name && value);
  object.members[name->text] = *value;
}

// A real item, some of whose members and properties are gone or something else.
std::string mutated() {
  auto item = *read_json(read_item_file(*rc::gen::elementOf(item_files())));
  const auto edits = *rc::gen::inRange(0, 12);
  for (int i = 0; i < edits; ++i) {
    const std::string name = *rc::gen::elementOf(kNames);
    const std::string value = *any_json(*rc::gen::inRange(0, 4));
    JsonValue* properties = item.members.contains("properties") ? &item.members["properties"] : nullptr;
    const int where = *rc::gen::inRange(0, 10);
    if (where < 6 && properties != nullptr && properties->kind == JsonValue::Kind::kObject) {
      put(*properties, name, value);
    } else if (where < 8 && name != "id" && name != "type") {
      put(item, name, name == "geometry" ? *rc::gen::elementOf(kGeometries) : value);
    } else if (where == 8) {
      put(item, "geometry", *rc::gen::elementOf(kGeometries));
    } else if (name != "id" && name != "type") {
      item.members.erase(name);
    }
  }
  return write_json(item);
}

RC_GTEST_PROP(RoundTrip, MutatedItemsItslive, ()) {
  const std::string found = round_trip(mutated(), SchemaKind::kItslive);
  RC_ASSERT(found == "");
}

RC_GTEST_PROP(RoundTrip, MutatedItemsAuto, ()) {
  const auto columns = *rc::gen::element<std::size_t>(19, 21, 30, 400);
  const std::string found = round_trip(mutated(), SchemaKind::kAuto, columns);
  RC_ASSERT(found == "");
}

RC_GTEST_PROP(RoundTrip, MutatedItemsInOneBatch, ()) {
  std::vector<std::string> items(*rc::gen::inRange<std::size_t>(1, 8));
  for (std::string& item : items) item = mutated();
  const auto rows = parse_all(items, SchemaKind::kAuto, *rc::gen::element<std::size_t>(21, 400));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto rebuilt = read_json(rebuild(rows, static_cast<std::int64_t>(i)));
    RC_ASSERT(rebuilt.has_value());
    RC_ASSERT(difference(*read_json(items[i]), *rebuilt).value_or("") == "");
  }
}

// Bytes changed at random: refused, or kept whole.
RC_GTEST_PROP(RoundTrip, DamagedBytes, ()) {
  std::string json = read_item_file(*rc::gen::element<std::string>("itslive-0.json", "naip.json"));
  const auto damage = *rc::gen::inRange(1, 4);
  for (int i = 0; i < damage; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, json.size());
    json[at] = *rc::gen::elementOf(std::string("{}[]\",:0179eE+-.\\tfnu \xff\x01"));
  }
  const auto row = parse(json, SchemaKind::kAuto);
  const auto original = read_json(json);
  if (!row) return;
  RC_ASSERT(original.has_value());  // what is accepted is JSON
  RC_ASSERT(difference(*original, *read_json(rebuild(row->batch))).value_or("") == "");
}

}  // namespace
}  // namespace earthcatalog::stac::testing
