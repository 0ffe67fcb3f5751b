// What is no Item at all: refused, with kind and byte offset; and the batch is as if it had never come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stac/items.h"

namespace earthcatalog::stac::testing {
namespace {

constexpr std::int64_t kUnknown = -1;

struct Bad {
  const char* name;
  std::string json;
  const char* kind;
  std::int64_t offset;
};

std::ostream& operator<<(std::ostream& out, const Bad& bad) { return out << bad.name; }

// The byte at which `what` begins in the item.
Bad bad(const char* name, const std::string& json, const char* kind, const std::string& what) {
  const std::size_t at = json.find(what);
  EXPECT_NE(at, std::string::npos) << name;
  return {name, json, kind, static_cast<std::int64_t>(at)};
}

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

const std::vector<Bad>& cases() {
  static const std::string good = make_item();
  const auto more = [](const std::string& member) { return make_item("{}", "null", "," + member); };
  static const std::vector<Bad> list = {
      {"empty", "", "not_json", 0},
      {"blank", " \n", "not_json", 0},
      {"html", "<html></html>", "not_json", 0},
      {"array", "[" + good + "]", "not_an_item", 0},
      {"number", " 12", "not_an_item", 1},
      {"string", "\"Feature\"", "not_an_item", 0},
      {"truncated", good.substr(0, good.size() - 1), "not_json", static_cast<std::int64_t>(good.size() - 1)},
      bad("truncated in a string", good.substr(0, good.find("stac_version") + 4), "not_json", "\"stac"),
      {"trailing garbage", good + "\n x", "not_json", static_cast<std::int64_t>(good.size() + 2)},
      {"trailing brace", good + "}", "not_json", static_cast<std::int64_t>(good.size())},
      {"two items", good + "\n" + good, "not_json", static_cast<std::int64_t>(good.size() + 1)},
      bad("NaN in assets", more(R"("a":[1,NaN])"), "not_json", "NaN"),
      bad("NaN in a property", make_item(R"({"latitude":NaN})"), "not_json", "NaN"),
      bad("Infinity", make_item(R"({"x":-Infinity})"), "not_json", "-Inf"),
      bad("NaN as a coordinate", make_item("{}", R"({"type":"Point","coordinates":[NaN,1]})"), "not_json", "NaN"),
      bad("unknown literal", more(R"("a":nul)"), "not_json", "nul}"),
      bad("leading zero", more(R"("a":01)"), "not_json", "01}"),
      bad("bad escape", more(R"("a":"\x41")"), "not_json", "\\x"),
      bad("bad unicode escape", more(R"("a":"\u12g4")"), "not_json", "\\u12"),
      bad("bad escape in a key", more(R"("\q":1)"), "not_json", "\\q"),
      bad("control character behind a number", more("\"a\":12\x01"), "not_json", "12\x01"),
      bad("control character behind an object", more("\"a\":{}\x01"), "not_json", "\x01"),
      bad("control character in a string", more("\"a\":\"tab\there\""), "not_json", "\t"),
      {"missing comma", R"({"type":"Feature" "id":"a"})", "not_json", 18},
      {"missing colon", R"({"type" "Feature"})", "not_json", 8},
      bad("colon behind a member's value", more(R"("a":"b":1)"), "not_json", ":1}"),
      bad("colon behind a property's value", make_item(R"({"a":"b" : [1 2]})"), "not_json", ": [1"),
      bad("colon behind an element", more(R"("a":["b":1])"), "not_json", ":1]"),
      bad("colon behind the id", R"({"type":"Feature","id":"a":"b"})", "not_json", ":\"b"),
      bad("colon behind the type", R"({"id":"a","type":"Feature":"b"})", "not_json", ":\"b"),
      bad("colon behind a number", more(R"("a":1:2)"), "not_json", ":2}"),
      bad("colon behind a coordinate", make_item("{}", R"({"type":"Point","coordinates":[1:2,3]})"), "not_json",
          ":2,3"),
      {"key that is no string", R"({1:2})", "not_json", 1},
      {"crossed brackets", more(R"("a":{"b":[1,2})"), "not_json", kUnknown - 1},
      {"trailing comma", R"({"type":"Feature","id":"a",})", "not_json", kUnknown - 1},
      bad("invalid UTF-8", more("\"a\":\"\xff\""), "invalid_utf8", "\xff"),
      bad("truncated UTF-8", more("\"a\":\"\xe2\x82\""), "invalid_utf8", "\xe2"),
      bad("overlong UTF-8", more("\"a\":\"\xc0\xaf\""), "invalid_utf8", "\xc0"),
      bad("surrogate in UTF-8", more("\"a\":\"\xed\xa0\x80\""), "invalid_utf8", "\xed"),
      {"UTF-16", std::string("\xff\xfe{\0}\0", 6), "not_json", 0},
      bad("lone surrogate in a column", make_item(R"({"platform":"\ud800"})"), "lone_surrogate", "\\ud8"),
      bad("lone low surrogate in assets", more(R"("assets2":{"a":["\udc00"]})"), "lone_surrogate", "\\udc"),
      bad("surrogates in the wrong order", more(R"("a":"\udc00\ud800")"), "lone_surrogate", "\\udc"),
      bad("half a pair", more(R"("a":"\ud83dx")"), "lone_surrogate", "\\ud8"),
      bad("lone surrogate in a key", more(R"("\ud800":1)"), "lone_surrogate", "\\ud8"),
      bad("duplicate member", more(R"("links":[1])"), "duplicate_key", "links\":[1]"),
      bad("duplicate id", more(R"("id":"b")"), "duplicate_key", "id\":\"b"),
      bad("duplicate foreign member", more(R"("a":1,"a":2)"), "duplicate_key", "a\":2"),
      bad("duplicate property", make_item(R"({"latitude":1,"latitude":2})"), "duplicate_key", "latitude\":2"),
      bad("duplicate by escape", make_item(R"({"x":1,"\u0078":2})"), "duplicate_key", "\\u0078"),
      {"no type", R"({"id":"a","properties":{}})", "not_an_item", kUnknown},
      {"collection", R"({"type":"Collection","id":"a"})", "not_an_item", 8},
      {"type is an object", R"({"type":{},"id":"a"})", "not_an_item", 8},
      {"no id", R"({"type":"Feature","properties":{}})", "no_id", kUnknown},
      {"numeric id", R"({"type":"Feature","id":5})", "no_id", 23},
      {"empty id", R"({"type":"Feature","id":""})", "no_id", 23},
      {"null id", R"({"type":"Feature","id":null})", "no_id", 23},
      {"a thousand levels in a member", more("\"a\":" + nested(1000)), "too_deep", kUnknown - 1},
      {"a thousand levels in a property", make_item("{\"a\":" + nested(1000) + "}"), "too_deep", kUnknown - 1},
      {"a thousand levels of coordinates", make_item("{}", R"({"type":"Point","coordinates":)" + nested(1000) + "}"),
       "too_deep", kUnknown - 1},
      {"a thousand levels unclosed", std::string(1000, '['), "not_an_item", 0},
      {"a thousand objects",
       make_item(
           "{}", "null",
           ",\"a\":" +
               [] {
                 std::string text = "1";
                 for (int i = 0; i < 1000; ++i) text = "{\"a\":" + text + "}";
                 return text;
               }()),
       "too_deep", kUnknown - 1},
  };
  return list;
}

class Refused : public ::testing::TestWithParam<Bad> {};

TEST_P(Refused, WithKindAndOffset) {
  const Bad& expected = GetParam();
  for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
    const auto row = parse(expected.json, kind);
    ASSERT_FALSE(row) << expected.json.substr(0, 200);
    EXPECT_EQ(row.error().kind, expected.kind) << row.error().reason;
    EXPECT_FALSE(row.error().reason.empty());
    if (expected.offset >= kUnknown) {
      EXPECT_EQ(row.error().offset, expected.offset) << row.error().reason;
    } else {
      EXPECT_GE(row.error().offset, 0);
    }
  }
}

TEST_P(Refused, LeavesNoTraceInTheBatch) {
  const auto schema = std::make_shared<const ItemSchema>(initial_schema(SchemaKind::kAuto));
  const std::string first = make_item(R"({"gsd":30,"platform":"x"})"), second = make_item(R"({"other":"y"})");
  ItemParser parser;
  ItemBatch with(schema), without(schema);
  for (const std::string* json : {&first, &GetParam().json, &second}) {
    EXPECT_EQ(parser.append(*json, with).has_value(), json != &GetParam().json);
  }
  for (const std::string* json : {&first, &second}) ASSERT_TRUE(parser.append(*json, without));
  EXPECT_EQ(with.size(), 2U);
  EXPECT_EQ(with.observed(), without.observed());
  const ItemSchema evolved = evolve(*schema, with.observed(), 400);
  const auto a = with.finish(evolved), b = without.finish(evolved);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(rebuild(*a, 0), rebuild(*b, 0));
  EXPECT_EQ(rebuild(*a, 1), rebuild(*b, 1));
}

INSTANTIATE_TEST_SUITE_P(BadInput, Refused, ::testing::ValuesIn(cases()));

TEST(BadInput, EveryTruncationOfAnItemIsRefused) {
  const std::string item = read_item_file("naip.json");
  const std::size_t end = item.find_last_of('}');
  for (std::size_t size = 0; size <= end; ++size) {
    const auto row = parse(item.substr(0, size));
    ASSERT_FALSE(row) << size;
    EXPECT_EQ(row.error().kind, "not_json") << size;
    EXPECT_LE(row.error().offset, static_cast<std::int64_t>(size));
  }
}

TEST(BadInput, NestingUpToTheLimitIsKept) {
  const auto item = [](int levels) { return make_item("{}", "null", ",\"a\":" + nested(levels)); };
  EXPECT_EQ(round_trip(item(255), SchemaKind::kItslive), "");
  EXPECT_EQ(parse(item(256)).error().kind, "too_deep");
  ItemParser parser({.max_depth = 3});
  ItemBatch batch(std::make_shared<const ItemSchema>(initial_schema(SchemaKind::kItslive)));
  EXPECT_TRUE(parser.append(make_item("{}", "null"), batch));
  EXPECT_FALSE(parser.append(item(3), batch));
}

TEST(BadInput, AByteOrderMarkIsNoFault) {
  EXPECT_EQ(round_trip("\xef\xbb\xbf" + make_item(), SchemaKind::kItslive), "");
}

TEST(BadInput, AStringWithoutSpareCapacityIsReadSafely) {
  std::string item = read_item_file("naip.json");
  item.shrink_to_fit();
  EXPECT_TRUE(parse(item));
  EXPECT_FALSE(parse(item.substr(0, 100)));
}

}  // namespace
}  // namespace earthcatalog::stac::testing
