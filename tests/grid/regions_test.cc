// The grid of GeoJSON regions.
#include <gmock/gmock.h>

#include <random>

#include "earthcatalog/grid/geojson_partitioner.h"
#include "grid/oracle.h"

namespace earthcatalog::grid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ring_json(const Points& ring) {
  std::string out = "[";
  for (const auto& p : closed(ring)) out += fmt::format("{}[{},{}]", out.size() > 1 ? "," : "", p.lon, p.lat);
  return out + "]";
}

std::string feature(std::string_view id_json, const std::vector<Points>& rings) {
  std::string coordinates;
  for (const auto& ring : rings) coordinates += (coordinates.empty() ? "" : ",") + ring_json(ring);
  return fmt::format(
      R"({{"type":"Feature","properties":{{"name":{}}},"geometry":{{"type":"Polygon","coordinates":[{}]}}}})", id_json,
      coordinates);
}

std::string collection_of(const std::vector<std::string>& features) {
  return fmt::format(R"({{"type":"FeatureCollection","features":[{}]}})", fmt::join(features, ","));
}

class Regions : public ::testing::Test {
 protected:
  void use(const std::vector<std::string>& features) {
    auto made = make_geojson_partitioner(collection_of(features), "name");
    ASSERT_TRUE(made) << made.error().message;
    partitioner_ = *made;
    coverer_ = partitioner_->make_coverer();
  }
  std::vector<std::string> names(std::string_view wkb) {
    std::vector<Cell> cells;
    const auto status = coverer_->cover(wkb, cells);
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    EXPECT_TRUE(std::ranges::is_sorted(cells));
    std::vector<std::string> found;
    for (const auto cell : cells) found.push_back(partitioner_->name(cell));
    return found;
  }
  static Error error(const std::string& geojson, std::string_view id_field = "name") {
    const auto made = make_geojson_partitioner(geojson, id_field);
    EXPECT_FALSE(made);
    return made ? Error{} : made.error();
  }

  std::shared_ptr<const Partitioner> partitioner_;
  std::unique_ptr<Coverer> coverer_;
};

TEST_F(Regions, AreTouchedInsideAndOnTheEdge) {
  use({feature(R"("b")", {box(0, 0, 10, 10)}), feature(R"("a")", {box(10, 0, 20, 10)})});
  EXPECT_THAT(names(point({5, 5})), ElementsAre("b"));
  EXPECT_THAT(names(point({10, 5})), ElementsAre("a", "b"));
  EXPECT_THAT(names(line({{-5, 5}, {5, 6}})), ElementsAre("b"));
  EXPECT_THAT(names(polygon(box(-5, -5, 25, 15))), ElementsAre("a", "b"));
  EXPECT_THAT(names(polygon(box(-5, -5, -1, -1))), ElementsAre("__none__"));
  EXPECT_THAT(names(collection(7, {point({5, 5}), point({15, 5}), point({99, 9})})), ElementsAre("a", "b"));
  EXPECT_THAT(names(collection(7, {})), ElementsAre("__none__"));
}

TEST_F(Regions, HaveHoles) {
  use({feature(R"("ring")", {box(0, 0, 10, 10), box(2, 2, 8, 8)}), feature(R"("middle")", {box(4, 4, 6, 6)})});
  EXPECT_THAT(names(point({5, 5})), ElementsAre("middle"));
  EXPECT_THAT(names(polygon(box(3, 3, 7, 7))), ElementsAre("middle"));
  EXPECT_THAT(names(polygon({box(-5, -5, 15, 15), box(1, 1, 9, 9)})), ElementsAre("ring"));
}

TEST_F(Regions, AndFootprintsLieOverTheAntimeridian) {
  for (const auto& region : {box(170, 0, 190, 10), Points{{170, 0}, {-170, 0}, {-170, 10}, {170, 10}}}) {
    use({feature(R"("dateline")", {region}), feature(R"("far")", {box(0, 0, 10, 10)})});
    for (const double lon : {175.0, -175.0, 185.0, 180.0, -180.0}) {
      EXPECT_THAT(names(point({lon, 5})), ElementsAre("dateline")) << lon;
    }
    EXPECT_THAT(names(line({{-160, 5}, {165, 5}})), ElementsAre("dateline"));
  }
  use({feature(R"("west")", {box(-180, 0, -170, 10)}), feature(R"("east")", {box(170, 0, 180, 10)})});
  EXPECT_THAT(names(polygon(box(175, 2, 185, 3))), ElementsAre("east", "west"));
  EXPECT_THAT(names(polygon(Points{{175, 2}, {-175, 2}, {-175, 3}, {175, 3}})), ElementsAre("east", "west"));
  EXPECT_THAT(names(point({180, 5})), ElementsAre("east", "west"));
}

TEST_F(Regions, LieRoundAPole) {
  const Points cap{{0, 70}, {120, 70}, {-120, 70}}, inner{{0, 85}, {120, 85}, {-120, 85}};
  use({feature(R"("arctic")", {cap, box(-10, 75, 10, 80), inner}), feature(R"("hole")", {box(-2, 76, 2, 79)})});
  EXPECT_THAT(names(point({179, 72})), ElementsAre("arctic"));
  EXPECT_THAT(names(point({-5, 77})), ElementsAre("__none__"));
  EXPECT_THAT(names(point({5, 77})), ElementsAre("__none__"));
  EXPECT_THAT(names(point({1, 77})), ElementsAre("hole"));
  EXPECT_THAT(names(point({50, 87})), ElementsAre("__none__"));
  EXPECT_THAT(names(polygon(Points{{-180, 60}, {-60, 60}, {60, 60}})), ElementsAre("arctic", "hole"));
}

TEST_F(Regions, OfOneIdAreOne) {
  use({feature("7", {box(0, 0, 1, 1)}), feature("7", {box(5, 5, 6, 6)}), feature("10", {box(0, 0, 9, 9)})});
  EXPECT_THAT(names(point({5.5, 5.5})), ElementsAre("10", "7"));
  EXPECT_EQ(partitioner_->find("7"), std::optional<Cell>(2));
  EXPECT_EQ(partitioner_->find("10"), std::optional<Cell>(1));
  EXPECT_EQ(partitioner_->find("8"), std::nullopt);
  EXPECT_EQ(partitioner_->find("__none__"), std::optional<Cell>(kNoCell));
}

TEST_F(Regions, TakeDegenerateFootprints) {
  use({feature(R"("a")", {box(0, 0, 10, 10)})});
  const LonLat p{5, 5};
  for (const auto& wkb : {line({p}), polygon(Points{p, p}), polygon(Points{p, {20, 20}}),
                          polygon(Points{{2, 2}, {8, 8}, {8, 2}, {2, 8}})}) {
    EXPECT_THAT(names(wkb), ElementsAre("a"));
  }
}

TEST_F(Regions, TakeTheFeaturesOwnId) {
  const std::string own =
      R"({"type":"Feature","id":"x1","properties":null,"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}})";
  const auto made = make_geojson_partitioner(collection_of({own}), "id");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)->name(1), "x1");
}

TEST_F(Regions, AgreeWithPlainArithmetic) {
  std::vector<std::string> features;
  for (int x = 0; x < 36; ++x) {
    for (int y = 0; y < 18; ++y) {
      features.push_back(
          feature(fmt::format(R"("{:02}_{:02}")", x, y), {box(x * 10 - 180, y * 10 - 90, x * 10 - 170, y * 10 - 80)}));
    }
  }
  use(features);
  std::mt19937_64 random(9);
  std::uniform_real_distribution<double> lon(-200, 200), lat(-85, 60), size(0.1, 25);
  for (int i = 0; i < 2000; ++i) {
    const double west = lon(random), south = lat(random), east = west + size(random), north = south + size(random);
    std::set<std::string> expected;
    for (int x = static_cast<int>(std::floor(west / 10)); x <= static_cast<int>(std::floor(east / 10)); ++x) {
      for (int y = static_cast<int>(std::floor(south / 10)); y <= static_cast<int>(std::floor(north / 10)); ++y) {
        expected.insert(fmt::format("{:02}_{:02}", (x + 18 + 36) % 36, y + 9));
      }
    }
    EXPECT_THAT(names(polygon(box(west, south, east, north))), ::testing::ElementsAreArray(expected));
  }
}

TEST_F(Regions, RefuseBadFilesWithARemedy) {
  const auto good = box(0, 0, 1, 1);
  EXPECT_EQ(error("{").kind, ErrorKind::kInvalidData);
  EXPECT_EQ(error("[]").kind, ErrorKind::kInvalidData);
  EXPECT_EQ(error(R"({"type":"Feature"})").kind, ErrorKind::kInvalidData);
  EXPECT_EQ(error(collection_of({})).kind, ErrorKind::kInvalidData);
  const auto missing = error(collection_of({feature(R"("a")", {good})}), "code");
  EXPECT_EQ(missing.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(missing.message, HasSubstr("feature 0: there is no property 'code'"));
  EXPECT_THAT(missing.message, HasSubstr("`id_field`"));
  for (const auto* id :
       {"null", "true", "1.5", R"("")", R"("a/b")", R"("__none__")", R"("a\nb")", R"("100%")", R"("k=v")"}) {
    EXPECT_EQ(error(collection_of({feature(id, {good})})).kind, ErrorKind::kInvalidArgument) << id;
  }
  EXPECT_EQ(error(collection_of({feature(R"("a")", {{{500000, 4000000}, {500001, 4000000}, {500000, 4000001}}})})).kind,
            ErrorKind::kInvalidData);
  EXPECT_THAT(error(R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"p"},)"
                    R"("geometry":{"type":"Point","coordinates":[1,2]}}]})")
                  .message,
              HasSubstr("feature 0: region 'p': the geometry is no Polygon or MultiPolygon but 'Point'"));
}

}  // namespace
}  // namespace earthcatalog::grid::testing
