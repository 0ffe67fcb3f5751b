#include "earthcatalog/generate/item.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>

namespace earthcatalog::generate {
namespace {

using Json = nlohmann::json;

std::string text_of(std::int64_t index, const ItemOptions& options = {}) {
  std::string out;
  append_json(make_item(index, options), options, out);
  return out;
}

Item odd_item(Oddity oddity, std::int64_t round = 0) {
  const auto index = static_cast<std::int64_t>(oddity) - 1 + round * kOddities;
  return make_item(index, {.odd_every = 1});
}

TEST(Item, DependsOnSeedAndNumberAlone) {
  EXPECT_EQ(text_of(7), text_of(7));
  EXPECT_NE(text_of(7), text_of(8));
  EXPECT_NE(text_of(7), text_of(7, {.seed = 43}));
}

// Guards the promise that a set made today can be extended tomorrow.
TEST(Item, StaysTheSameFromVersionToVersion) {
  const Item item = make_item(0, {});
  EXPECT_EQ(item.id,
            "S1A_IW_SLC__1SSH_20150420T055953_20150420T060020_076443_A16B27_035B_X_S1A_IW_SLC__1SSH_20150623T055953_"
            "20150623T060020_019538_4A4E24_D7F7_G0120V02_P007_0000000");
  EXPECT_EQ(item.key, "velocity_image_pair/sentinel1/v02/N60W050/" + item.id + ".stac.json");
}

TEST(Item, LooksLikeItsLive) {
  double bytes = 0;
  std::set<std::string> platforms;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = text_of(i);
    bytes += static_cast<double>(text.size());
    const Json json = Json::parse(text);
    platforms.insert(json["properties"]["platform"]);
    EXPECT_EQ(json["type"], "Feature");
    EXPECT_EQ(json["collection"], "itslive-granules");
    EXPECT_EQ(json["links"].size(), 4);
    EXPECT_EQ(json["properties"].size(), 18);
    EXPECT_EQ(json["geometry"]["coordinates"][0].size(), 17);
    EXPECT_EQ(json["geometry"]["coordinates"][0].front(), json["geometry"]["coordinates"][0].back());
    EXPECT_LE(json["properties"]["start_datetime"], json["properties"]["datetime"]);
    EXPECT_LE(json["properties"]["datetime"], json["properties"]["end_datetime"]);
    EXPECT_LE(json["properties"]["created"], json["properties"]["updated"]);
  }
  EXPECT_THAT(bytes / 2000, testing::AllOf(testing::Gt(4600), testing::Lt(5200)));
  EXPECT_EQ(platforms.size(), 8);
  EXPECT_LT(text_of(1, {.links = false}).size() + 900, text_of(1).size());
}

TEST(Item, KeysNameTheirItem) {
  std::set<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    const Item item = make_item(i, {});
    EXPECT_TRUE(keys.insert(item.key).second);
    EXPECT_EQ(item.key, item.folder + "/" + item.id + ".stac.json");
    EXPECT_THAT(item.key,
                testing::ContainsRegex("^velocity_image_pair/(landsatOLI|sentinel[12])/v02/[NS][0-9]0[EW][0-9]{2}0/"));
  }
}

double area_km2(const Item& item) {
  const auto& ring = item.geometry.rings[0];
  const auto x = [&](const Position& p) {
    return (p.lon - item.center.lon) * std::cos(p.lat * std::numbers::pi / 180);
  };
  const auto y = [&](const Position& p) { return p.lat - item.center.lat; };
  double twice = 0;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) twice += x(ring[i]) * y(ring[i + 1]) - x(ring[i + 1]) * y(ring[i]);
  return twice / 2 * 111.2 * 111.2;
}

TEST(Item, FootprintsAreCounterclockwiseAndStayOnTheMap) {
  for (int i = 0; i < 5000; ++i) {
    const Item item = make_item(i, {});
    const auto& ring = item.geometry.rings.at(0);
    double west = 180, east = -180, turns = 0;
    for (std::size_t k = 0; k + 1 < ring.size(); ++k) {
      west = std::min(west, ring[k].lon);
      east = std::max(east, ring[k].lon);
      EXPECT_LE(std::abs(ring[k].lat), 89.9);
      turns += (ring[k + 1].lon - ring[k].lon) * (ring[k + 1].lat + ring[k].lat);
    }
    EXPECT_GE(west, -180);
    EXPECT_LE(east, 180);
    EXPECT_LT(turns, 0) << i;
    EXPECT_EQ(item.geometry.bbox[0], west);
    EXPECT_EQ(item.geometry.bbox[2], east);
  }
}

TEST(Item, FootprintsMeasureAboutAHundredKilometres) {
  for (int i = 0; i < 2000; ++i) {
    EXPECT_THAT(std::sqrt(area_km2(make_item(i, {}))), testing::AllOf(testing::Gt(85), testing::Lt(115))) << i;
  }
}

TEST(Item, ConcentratedItemsLieInFewPlacesAndYears) {
  std::set<std::pair<int, int>> groups;
  for (int i = 0; i < 5000; ++i) {
    const ItemOptions options{.concentrate = true};
    const Item item = make_item(i, options);
    const Json json = Json::parse(text_of(i, options));
    const int year = std::stoi(json["properties"]["datetime"].get<std::string>());
    groups.insert({static_cast<int>(std::round(item.center.lat)), year});
    EXPECT_THAT(year, testing::AllOf(testing::Ge(2005), testing::Le(2024)));
  }
  EXPECT_LE(groups.size(), 200);
  EXPECT_GE(groups.size(), 150);
}

TEST(OddItem, AppearsAsOftenAsAsked) {
  int odd = 0;
  std::set<Oddity> kinds;
  for (int i = 0; i < 800; ++i) {
    const Oddity oddity = make_item(i, {.odd_every = 10}).oddity;
    odd += oddity != Oddity::kNone;
    kinds.insert(oddity);
  }
  EXPECT_EQ(odd, 80);
  EXPECT_EQ(kinds.size(), kOddities + 1);
  EXPECT_EQ(make_item(9, {}).oddity, Oddity::kNone);
}

TEST(OddItem, CrossesTheAntimeridianInItsThreeSpellings) {
  for (int round = 0; round < 50; ++round) {
    const Item split = odd_item(Oddity::kAntimeridianSplit, round);
    ASSERT_EQ(split.geometry.type, Geometry::Type::kMultiPolygon);
    ASSERT_EQ(split.geometry.rings.size(), 2);
    for (const Position& position : split.geometry.rings[0])
      EXPECT_THAT(position.lon, testing::AllOf(testing::Gt(90), testing::Le(180)));
    for (const Position& position : split.geometry.rings[1])
      EXPECT_THAT(position.lon, testing::AllOf(testing::Lt(-90), testing::Ge(-180)));
    for (const auto& ring : split.geometry.rings) {
      EXPECT_GE(ring.size(), 4);
      EXPECT_EQ(ring.front(), ring.back());
    }
    EXPECT_GT(split.geometry.bbox[0], split.geometry.bbox[2]);

    const auto extremes = [](const Item& item) {
      double least = 1000, most = -1000;
      for (const Position& position : item.geometry.rings[0]) {
        least = std::min(least, position.lon);
        most = std::max(most, position.lon);
      }
      return std::pair(least, most);
    };
    const auto [west, east] = extremes(odd_item(Oddity::kAntimeridianBeyond, round));
    EXPECT_LT(west, 180);
    EXPECT_GT(east, 180);
    const auto [least, most] = extremes(odd_item(Oddity::kAntimeridianWrapped, round));
    EXPECT_GE(least, -180);
    EXPECT_LT(least, -90);
    EXPECT_GT(most, 90);
    EXPECT_LE(most, 180);
  }
}

TEST(OddItem, HasTheShapesThatArchivesHold) {
  const auto json = [](Oddity oddity) {
    const ItemOptions options{.odd_every = 1};
    std::string out;
    append_json(odd_item(oddity), options, out);
    return Json::parse(out);
  };
  EXPECT_TRUE(json(Oddity::kNullGeometry)["geometry"].is_null());
  EXPECT_FALSE(json(Oddity::kNullGeometry).contains("bbox"));
  EXPECT_TRUE(json(Oddity::kNullDatetime)["properties"]["datetime"].is_null());
  EXPECT_TRUE(json(Oddity::kNullDatetime)["properties"]["start_datetime"].is_string());
  EXPECT_EQ(json(Oddity::kThreeD)["geometry"]["coordinates"][0][0].size(), 3);
  EXPECT_EQ(json(Oddity::kThreeD)["bbox"].size(), 6);
  EXPECT_EQ(json(Oddity::kPoint)["geometry"]["coordinates"].size(), 2);
  const Json pole = json(Oddity::kPole);
  EXPECT_EQ(pole["geometry"]["coordinates"][0].size(), 17);
  for (const auto& position : pole["geometry"]["coordinates"][0]) EXPECT_LT(position[1], -85);
}

TEST(Item, ReprocessedIsTheSameItemNewer) {
  const Item item = make_item(3, {});
  const Item again = reprocessed(item);
  EXPECT_EQ(again.id, item.id);
  EXPECT_NE(again.key, item.key);
  EXPECT_EQ(again.updated - item.updated, 30 * std::int64_t{86'400} * kMicrosPerSecond);
}

RC_GTEST_PROP(ItemProperty, NumbersReadBackExactly, ()) {
  const ItemOptions options{.seed = *rc::gen::arbitrary<std::uint64_t>(),
                            .odd_every = *rc::gen::inRange<std::int64_t>(0, 3)};
  const auto index = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
  const Item item = make_item(index, options);
  const Json json = Json::parse(text_of(index, options));
  RC_ASSERT(json["id"] == item.id);
  RC_ASSERT(json["properties"]["date_dt"] == item.days_between);
  if (item.geometry.type != Geometry::Type::kPolygon) return;
  for (std::size_t i = 0; i < item.geometry.rings[0].size(); ++i) {
    const auto& position = json["geometry"]["coordinates"][0][i];
    RC_ASSERT(position[0].get<double>() == item.geometry.rings[0][i].lon);
    RC_ASSERT(position[1].get<double>() == item.geometry.rings[0][i].lat);
  }
  for (std::size_t i = 0; i < item.geometry.bbox.size(); ++i) RC_ASSERT(json["bbox"][i] == item.geometry.bbox[i]);
}

}  // namespace
}  // namespace earthcatalog::generate
