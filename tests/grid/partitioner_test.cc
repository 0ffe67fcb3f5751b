#include "earthcatalog/grid/partitioner.h"

#include <gmock/gmock.h>

#include "earthcatalog/storage/stores.h"
#include "grid/wkb_build.h"

namespace earthcatalog::grid::testing {
namespace {

using ::testing::HasSubstr;

Result<std::shared_ptr<const Partitioner>> make(const GridSpec& spec) {
  storage::Stores stores{{}};
  return make_partitioner(stores, spec);
}

TEST(Partitioner, NamesH3CellsByTheirIndex) {
  const auto grid = make({.type = "h3", .resolution = 1});
  ASSERT_TRUE(grid);
  std::vector<Cell> cells;
  ASSERT_TRUE((*grid)->make_coverer()->cover(point({-45, 70}), cells));
  ASSERT_EQ(cells.size(), 1);
  const auto name = (*grid)->name(cells[0]);
  EXPECT_EQ(name.size(), 15);
  EXPECT_EQ((*grid)->find(name), cells[0]);
  EXPECT_EQ((*grid)->name(kNoCell), "__none__");
  EXPECT_EQ((*grid)->find("__none__"), kNoCell);
}

TEST(Partitioner, KnowsOnlyNamesOfItsResolution) {
  const auto grid = make({.type = "h3", .resolution = 1});
  ASSERT_TRUE(grid);
  EXPECT_TRUE((*grid)->find("8108bffffffffff"));
  for (const auto* name :
       {"", "8208b7fffffffff", "8108BFFFFFFFFFF", "08108bffffffffff", "8108bfffffffffff", "zz", "0"}) {
    EXPECT_FALSE((*grid)->find(name)) << name;
  }
}

TEST(Partitioner, RefusesWhatDoesNotExist) {
  for (const auto* type : {"s2", "geohash", "", "H3"}) {
    const auto grid = make({.type = type});
    ASSERT_FALSE(grid);
    EXPECT_EQ(grid.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(grid.error().message, HasSubstr("'h3'"));
    EXPECT_THAT(grid.error().message, HasSubstr("'geojson'"));
  }
  for (const int resolution : {-1, 16})
    EXPECT_EQ(make({.resolution = resolution}).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(make({.type = "geojson"}).error().kind, ErrorKind::kInvalidArgument);
}

TEST(Partitioner, OfPythonComesFromTheCallerAlone) {
  const auto grid = make({.type = "python", .python = "here.Mine"});
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(grid.error().message, HasSubstr("here.Mine"));
}

TEST(Partitioner, ReadsRegionsFromAFile) {
  const GridSpec spec{.type = "geojson", .boundaries_path = "tests/data/grid/regions.geojson", .id_field = "code"};
  const auto grid = make(spec);
  ASSERT_TRUE(grid) << grid.error().message;
  std::vector<Cell> cells;
  ASSERT_TRUE((*grid)->make_coverer()->cover(point({-45, 70}), cells));
  ASSERT_EQ(cells.size(), 1);
  EXPECT_EQ((*grid)->name(cells[0]), "05_greenland");

  auto missing = spec;
  missing.boundaries_path = "tests/data/grid/no_such.geojson";
  const auto refused = make(missing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(refused.error().message, HasSubstr("tests/data/grid/no_such.geojson"));
}

}  // namespace
}  // namespace earthcatalog::grid::testing
