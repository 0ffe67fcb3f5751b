#include "earthcatalog/geoparquet/wkb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "earthcatalog/geoparquet/geo_metadata.h"
#include "geoparquet/sample_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using nlohmann::json;
using testing::ElementsAre;

// Spells WKB in either byte order.
class Wkb {
 public:
  explicit Wkb(bool little = true) : little_(little) {}
  Wkb& header(std::uint32_t code) {
    text_ += little_ ? '\1' : '\0';
    return number(code);
  }
  Wkb& number(std::uint32_t value) { return put(value); }
  Wkb& points(std::initializer_list<double> values) {
    for (const double value : values) put(value);
    return *this;
  }
  Wkb& raw(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  operator std::string() const { return text_; }
  operator std::string_view() const { return text_; }

 private:
  template <class T>
  Wkb& put(T value) {
    std::string bytes(reinterpret_cast<const char*>(&value), sizeof value);
    if (!little_) std::ranges::reverse(bytes);
    text_ += bytes;
    return *this;
  }
  bool little_;
  std::string text_;
};

json column(const GeometrySummary& summary, bool covering = false) {
  return json::parse(geo_metadata(summary, covering ? "geometry_bbox" : "")).at("columns").at("geometry");
}

TEST(Geometries, EveryTypeHasItsNameAndExtent) {
  const std::string point = Wkb().header(1).points({3, 4});
  const std::string line = Wkb().header(2).number(2).points({1, 2, 5, -6});
  const std::string polygon = Wkb().header(3).number(1).number(3).points({0, 0, 1, 0, 0, 1});
  const std::vector<std::tuple<std::string, std::string, std::vector<double>>> cases = {
      {point, "Point", {3, 4, 3, 4}},
      {line, "LineString", {1, -6, 5, 2}},
      {polygon, "Polygon", {0, 0, 1, 1}},
      {Wkb().header(4).number(2).raw(point).raw(point), "MultiPoint", {3, 4, 3, 4}},
      {Wkb().header(5).number(1).raw(line), "MultiLineString", {1, -6, 5, 2}},
      {Wkb().header(6).number(1).raw(polygon), "MultiPolygon", {0, 0, 1, 1}},
      {Wkb().header(7).number(2).raw(point).raw(line), "GeometryCollection", {1, -6, 5, 4}},
      {Wkb(false).header(2).number(2).points({1, 2, 5, -6}), "LineString", {1, -6, 5, 2}},
      {Wkb().header(0x20000001).number(4326).points({3, 4}), "Point", {3, 4, 3, 4}},
      {Wkb().header(2001).points({3, 4, 99}), "Point", {3, 4, 3, 4}},
      {Wkb().header(1001).points({3, 4, 5}), "Point Z", {3, 4, 5, 3, 4, 5}},
      {Wkb().header(0x80000001).points({3, 4, 5}), "Point Z", {3, 4, 5, 3, 4, 5}},
      {Wkb().header(3002).number(1).points({3, 4, 5, 6}), "LineString Z", {3, 4, 5, 3, 4, 5}},
  };
  for (const auto& [wkb, name, bbox] : cases) {
    SCOPED_TRACE(name);
    GeometrySummary summary;
    ASSERT_TRUE(summary.add(wkb));
    EXPECT_EQ(column(summary).at("geometry_types"), json::array({name}));
    EXPECT_EQ(column(summary).at("bbox"), json(bbox));
  }
}

TEST(Geometries, TogetherTheyHaveAllTypesAndOneExtent) {
  GeometrySummary summary;
  ASSERT_TRUE(summary.add(ring_wkb(10, 20, 1)));
  ASSERT_TRUE(summary.add(Wkb().header(1).points({-170.5, 80})));
  ASSERT_TRUE(summary.add(Wkb().header(1001).points({0, 0, 7})));
  EXPECT_EQ(column(summary).at("geometry_types"), json::array({"Point", "Point Z", "Polygon"}));
  EXPECT_EQ(column(summary).at("bbox"), json::array({-170.5, 0, 7, 11, 80, 7}));
}

TEST(Geometries, EmptyOnesHaveNoExtent) {
  for (const std::string& wkb :
       {std::string(Wkb().header(1).points({NAN, NAN})), std::string(Wkb().header(3).number(0))}) {
    GeometrySummary summary;
    ASSERT_TRUE(summary.add(wkb));
    EXPECT_FALSE(summary.has_coordinates());
    EXPECT_FALSE(column(summary).contains("bbox"));
    EXPECT_FALSE(column(summary).contains("crs"));
  }
}

TEST(Geometries, ThoseOutsideTheWorldHaveACrsInsteadOfABox) {
  for (const std::string& wkb :
       {std::string(Wkb().header(1).points({INFINITY, 0})), ring_wkb(179.5, 0, 1), ring_wkb(0, -89.5, 1)}) {
    GeometrySummary summary;
    ASSERT_TRUE(summary.add(wkb));
    EXPECT_FALSE(column(summary).contains("bbox"));
    EXPECT_EQ(column(summary).at("crs").at("id"), json::parse(R"({"authority":"OGC","code":"CRS84"})"));
  }
}

TEST(Geometries, WhatIsMalformedIsRefusedAndLeavesNoTrace) {
  const std::string good = Wkb().header(6).number(1).raw(ring_wkb(1, 2, 3));
  for (std::size_t length = 0; length < good.size(); ++length) {
    GeometrySummary summary;
    EXPECT_FALSE(summary.add(good.substr(0, length))) << length;
    EXPECT_EQ(summary.count, 0);
    EXPECT_TRUE(summary.types.empty());
    EXPECT_FALSE(summary.has_coordinates());
  }
  GeometrySummary summary;
  EXPECT_FALSE(summary.add(good + "x"));
  EXPECT_FALSE(summary.add(Wkb().header(8).number(1)));
  EXPECT_FALSE(summary.add(Wkb().header(2).number(0xFFFFFFFF)));
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += std::string_view(Wkb().header(7).number(1));
  EXPECT_FALSE(summary.add(nested));
}

RC_GTEST_PROP(Geometries, AnyBytesAreReadInBounds, (const std::vector<char>& bytes)) {
  GeometrySummary summary;
  (void)summary.add(std::string(bytes.begin(), bytes.end()));
  std::string flipped = Wkb().header(6).number(1).raw(ring_wkb(1, 2, 3));
  for (std::size_t i = 0; i < bytes.size() && i < flipped.size(); ++i) flipped[i] ^= bytes[i];
  (void)summary.add(flipped);
  RC_ASSERT(json::accept(geo_metadata(summary, "geometry_bbox")));
}

RC_GTEST_PROP(Geometries, ExtentsAreWrittenExactly, ()) {
  const double x = std::remainder(*rc::gen::arbitrary<double>(), 360),
               y = std::remainder(*rc::gen::arbitrary<double>(), 180);
  GeometrySummary summary;
  RC_ASSERT(summary.add(Wkb().header(1).points({x, y})));
  RC_ASSERT(column(summary).at("bbox") == json::array({x, y, x, y}));
}

TEST(GeoMetadata, DeclaresTheCoveringOnlyWhenAsked) {
  GeometrySummary summary;
  ASSERT_TRUE(summary.add(ring_wkb(10, 20, 1)));
  EXPECT_FALSE(column(summary, false).contains("covering"));
  const json box = column(summary, true).at("covering").at("bbox");
  for (const char* side : {"xmin", "ymin", "xmax", "ymax"})
    EXPECT_EQ(box.at(side), json::array({"geometry_bbox", side}));
  EXPECT_EQ(json::parse(geo_metadata(summary, "geometry_bbox")).at("version"), "1.1.0");
}

}  // namespace
}  // namespace earthcatalog::geoparquet
