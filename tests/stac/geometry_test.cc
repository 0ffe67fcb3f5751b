// GeoJSON to WKB and back: which geometries are a place, which of them WKB gives back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "earthcatalog/stac/write/geojson_writer.h"
#include "stac/items.h"
#include "stac/json_value.h"

namespace earthcatalog::stac::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kProperties = R"({"datetime":"2020-01-02T03:04:05Z"})";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

Row parse_geometry(std::string_view geometry) {
  auto row = parse(make_item(kProperties, geometry));
  EXPECT_TRUE(row) << geometry << " " << row.error().reason;
  return std::move(*row);
}

std::string geojson(std::string_view wkb) {
  std::string out;
  const Status status = append_geojson(wkb, out);
  return status ? out : status.error().message;
}

// WKB as shapely 2 writes it (output_dimension 3, flavor "iso"), and what of it is the same.
TEST(Geometry, WkbIsIsoLittleEndian) {
  EXPECT_EQ(hex(parse_geometry(R"({"type":"Point","coordinates":[1,2]})").wkb),
            "0101000000000000000000f03f0000000000000040");
  EXPECT_EQ(hex(parse_geometry(R"({"type":"Point","coordinates":[1,2,3]})").wkb),
            "01e9030000000000000000f03f00000000000000400000000000000840");
  EXPECT_EQ(hex(parse_geometry(R"({"type":"MultiPoint","coordinates":[[1,2]]})").wkb),
            "0104000000010000000101000000000000000000f03f0000000000000040");
  EXPECT_EQ(hex(parse_geometry(R"({"coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"type":"Polygon"})").wkb),
            "0103000000010000000400000000000000000000000000000000000000000000000000f03f0000000000000000000000000000f03f"
            "000000000000f03f00000000000000000000000000000000");
  EXPECT_EQ(
      hex(parse_geometry(R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]}]})").wkb),
      "01ef0300000100000001e9030000000000000000f03f00000000000000400000000000000840");
}

class KeptWhole : public ::testing::TestWithParam<const char*> {};

TEST_P(KeptWhole, ThroughWkb) {
  const Row row = parse_geometry(GetParam());
  EXPECT_THAT(row.item.problems, IsEmpty());
  EXPECT_EQ(geojson(row.wkb), GetParam());
  EXPECT_EQ(cell(*row.batch, "stac_extra"), "null");
}

INSTANTIATE_TEST_SUITE_P(
    Geometry, KeptWhole,
    ::testing::Values(
        R"({"type":"Point","coordinates":[-180.001388,90]})", R"({"type":"Point","coordinates":[540,-90]})",
        R"({"type":"Point","coordinates":[1,2,8848.86]})", R"({"type":"LineString","coordinates":[[0,0],[1,1.5]]})",
        R"({"type":"MultiPoint","coordinates":[[0,0],[1,1]]})",
        R"({"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3],[4,4]]]})",
        R"({"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]})",
        R"({"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]})",  // crosses itself
        R"({"type":"Polygon","coordinates":[[[170,0],[190,0],[190,9],[170,0]]]})",
        R"({"type":"MultiPolygon","coordinates":[[[[0,0],[9,0],[9,9],[0,0]]],[[[20,0],[29,0],[29,9],[20,0]],[[21,1],[22,1],[22,2],[21,1]]]]})",
        R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0,0],[1,1]]}]}]})"));

struct Kept {
  const char* geometry;
  const char* place;  // what the WKB says
};
class KeptBesides : public ::testing::TestWithParam<Kept> {};

TEST_P(KeptBesides, IsLocatedAndTheOriginalIsInStacExtra) {
  const Row row = parse_geometry(GetParam().geometry);
  EXPECT_THAT(row.item.problems, IsEmpty());
  EXPECT_EQ(geojson(row.wkb), GetParam().place);
  EXPECT_EQ(cell(*row.batch, "stac_extra"), fmt::format(R"({{"geometry":{}}})", GetParam().geometry));
  EXPECT_EQ(round_trip(make_item(kProperties, GetParam().geometry), SchemaKind::kItslive), "");
}

INSTANTIATE_TEST_SUITE_P(
    Geometry, KeptBesides,
    ::testing::Values(
        Kept{R"({"type":"Point","coordinates":[1,2,3,4]})", R"({"type":"Point","coordinates":[1,2,3]})"},
        Kept{R"({"type":"LineString","coordinates":[[0,0],[1,1,5]]})",
             R"({"type":"LineString","coordinates":[[0,0],[1,1]]})"},
        Kept{R"({"type":"Point","coordinates":[1,2],"bbox":[1,2,1,2]})", R"({"type":"Point","coordinates":[1,2]})"},
        Kept{R"({"type":"Point","crs":null,"coordinates":[1,2]})", R"({"type":"Point","coordinates":[1,2]})"},
        Kept{R"({"type":"Point","coordinates":[1e-999,2]})", R"({"type":"Point","coordinates":[0,2]})"},
        Kept{R"({"type":"Point","coordinates":[1,2,9007199254740993]})",
             R"({"type":"Point","coordinates":[1,2,9007199254740992]})"},
        Kept{
            R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]},{"type":"Point","coordinates":[4,5]}]})",
            R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[4,5]}]})"}));

struct NoPlace {
  const char* geometry;
  const char* reason;
};
class Unlocated : public ::testing::TestWithParam<NoPlace> {};

TEST_P(Unlocated, HasNoWkbAndTheOriginalIsInStacExtra) {
  const std::string item = make_item(kProperties, GetParam().geometry);
  const auto row = parse(item);
  ASSERT_TRUE(row) << row.error().reason;
  EXPECT_EQ(row->wkb, "");
  EXPECT_EQ(cell(*row->batch, "geometry"), "null");
  EXPECT_EQ(cell(*row->batch, "stac_extra"), fmt::format(R"({{"geometry":{}}})", GetParam().geometry));
  ASSERT_EQ(row->item.problems.size(), 1U);
  EXPECT_EQ(row->item.problems[0].kind, "geometry");
  EXPECT_THAT(row->item.problems[0].reason, HasSubstr(GetParam().reason));
  EXPECT_GE(row->item.problems[0].offset, static_cast<std::int64_t>(item.find("\"geometry\"")));
  EXPECT_EQ(round_trip(item, SchemaKind::kItslive), "");
}

INSTANTIATE_TEST_SUITE_P(
    Geometry, Unlocated,
    ::testing::Values(
        NoPlace{R"({"type":"Point","coordinates":[1,95]})", "latitude"},
        NoPlace{R"({"type":"Point","coordinates":[541,5]})", "longitude"},
        NoPlace{R"({"type":"Point","coordinates":[1e999,5]})", "not finite"},
        NoPlace{R"({"type":"Point","coordinates":[1,5,1e999]})", "not finite"},
        NoPlace{R"({"type":"Point","coordinates":[1]})", "fewer than two"},
        NoPlace{R"({"type":"Point","coordinates":["1","2"]})", "not a number"},
        NoPlace{R"({"type":"Point","coordinates":[null,2]})", "not a number"},
        NoPlace{R"({"type":"Point","coordinates":[1,[2]]})", "not a number"},
        NoPlace{R"({"type":"Point","coordinates":[]})", "empty"},
        NoPlace{R"({"type":"Point","coordinates":[[1,2]]})", "nested"},
        NoPlace{R"({"type":"Point","coordinates":{"x":1}})", "not an array"},
        NoPlace{R"({"type":"Point","coordinates":null})", "not an array"},
        NoPlace{R"({"type":"Point"})", "without coordinates"}, NoPlace{R"({"coordinates":[1,2]})", "without type"},
        NoPlace{R"({})", "without type"}, NoPlace{R"({"type":"Circle","coordinates":[1,2]})", "unknown type"},
        NoPlace{R"({"type":5,"coordinates":[1,2]})", "not a string"}, NoPlace{R"j("POINT (1 2)")j", "not an object"},
        NoPlace{R"([1,2])", "not an object"}, NoPlace{R"(5)", "not an object"},
        NoPlace{R"({"type":"LineString","coordinates":[[1,2]]})", "one position"},
        NoPlace{R"({"type":"Polygon","coordinates":[]})", "empty"},
        NoPlace{R"({"type":"Polygon","coordinates":[[]]})", "empty"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[]]})", "empty"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]})", "fewer than four"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]})", "not closed"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[0,0],[1,0],[1,1]]]})",
                "fewer than four"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[[1,1]],[0,0]]]})", "different levels"},
        NoPlace{R"({"type":"Polygon","coordinates":[[[0,0],[1,0],5,[0,0]]]})", "not an array"},
        NoPlace{R"({"type":"MultiPolygon","coordinates":[[]]})", "empty"},
        NoPlace{R"({"type":"GeometryCollection","geometries":[]})", "without geometries"},
        NoPlace{R"({"type":"GeometryCollection","geometries":{}})", "not an array"},
        NoPlace{R"({"type":"GeometryCollection","geometries":[null]})", "not an object"},
        NoPlace{R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,95]}]})", "latitude"},
        NoPlace{R"({"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}})", "unknown type"}));

TEST(Geometry, NullIsNoProblem) {
  const Row row = parse_geometry("null");
  EXPECT_THAT(row.item.problems, IsEmpty());
  EXPECT_EQ(row.wkb, "");
  EXPECT_EQ(cell(*row.batch, "stac_extra"), R"({"geometry":null})");
}

TEST(Geometry, DuplicateMembersLeaveItUnlocated) {
  const Row row = parse_geometry(R"({"type":"Point","coordinates":[1,2],"coordinates":[3,4]})");
  EXPECT_EQ(row.wkb, "");
  EXPECT_EQ(cell(*row.batch, "stac_extra"), R"({"geometry":{"type":"Point","coordinates":[1,2],"coordinates":[3,4]}})");
}

std::string nested_collections(int levels) {
  std::string geometry = R"({"type":"Point","coordinates":[1,2]})";
  for (int i = 0; i < levels; ++i) geometry = R"({"type":"GeometryCollection","geometries":[)" + geometry + "]}";
  return geometry;
}

TEST(Geometry, CollectionsNestSixteenDeep) {
  EXPECT_EQ(geojson(parse_geometry(nested_collections(16)).wkb), nested_collections(16));
  const Row deeper = parse_geometry(nested_collections(17));
  EXPECT_EQ(deeper.wkb, "");
  EXPECT_THAT(deeper.item.problems.at(0).reason, HasSubstr("nested too deep"));
}

TEST(Geometry, AHundredThousandVerticesTakeMilliseconds) {
  std::string ring = "[[0,0]";
  for (int i = 0; i < 100'000; ++i) ring += fmt::format(",[{},{}]", 10 + i * 1e-4, 5 + (i % 100) * 1e-3);
  const std::string item = make_item(kProperties, R"({"type":"Polygon","coordinates":[)" + ring + ",[0,0]]]}");
  const auto start = std::chrono::steady_clock::now();
  const auto row = parse(item);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(row);
  EXPECT_EQ(row->wkb.size(), 1 + 4 + 4 + 4 + 100'002 * 16U);
  EXPECT_LT(elapsed, std::chrono::seconds(2));  // some 10 ms in a release build
  EXPECT_EQ(round_trip(item, SchemaKind::kItslive), "");
}

TEST(GeojsonWriter, ReadsOtherWritersWkb) {
  EXPECT_EQ(geojson(from_hex("0000000001bff00000000000004000000000000000")),
            R"({"type":"Point","coordinates":[-1,2]})");
  EXPECT_EQ(geojson(from_hex("0101000080000000000000f03f00000000000000400000000000000840")),
            R"({"type":"Point","coordinates":[1,2,3]})");
  EXPECT_EQ(geojson(from_hex("0101000020e6100000000000000000f03f0000000000000040")),
            R"({"type":"Point","coordinates":[1,2]})");
}

TEST(GeojsonWriter, RefusesWhatIsNotWkb) {
  EXPECT_THAT(geojson(""), HasSubstr("ends too early"));
  EXPECT_THAT(geojson(from_hex("0101000000000000000000f03f")), HasSubstr("ends too early"));
  EXPECT_THAT(geojson(from_hex("0101000000000000000000f03f000000000000004000")), HasSubstr("after the end"));
  EXPECT_THAT(geojson(from_hex("0201000000000000000000f03f0000000000000040")), HasSubstr("byte order"));
  EXPECT_THAT(geojson(from_hex("01d1070000")), HasSubstr("no GeoJSON"));
  EXPECT_THAT(geojson(from_hex("0108000000")), HasSubstr("no GeoJSON"));
  EXPECT_THAT(geojson(from_hex("0103000000ffffffff")), HasSubstr("ends too early"));
  EXPECT_THAT(geojson(from_hex("0104000000010000000102000000")), HasSubstr("LineString where a Point"));
  EXPECT_THAT(geojson(from_hex("0101000000000000000000f87f0000000000000040")), HasSubstr("not finite"));
}

}  // namespace
}  // namespace earthcatalog::stac::testing
