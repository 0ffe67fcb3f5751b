#include "earthcatalog/grid/named_partitioner.h"

#include <gmock/gmock.h>

#include <thread>

namespace earthcatalog::grid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A grid that gives each footprint the same names.
std::shared_ptr<const Partitioner> naming(std::vector<std::string> names) {
  return make_named_partitioner([names](std::string_view) -> Result<std::vector<std::string>> { return names; });
}

std::vector<std::string> names_in(const Partitioner& grid, const std::vector<Cell>& cells) {
  std::vector<std::string> names;
  for (const Cell cell : cells) names.push_back(grid.name(cell));
  return names;
}

TEST(NamedPartitioner, GivesCellsInTheOrderOfTheirNamesEachOnce) {
  std::vector<std::string> names = {"m"};
  const auto grid = make_named_partitioner([&](std::string_view) -> Result<std::vector<std::string>> { return names; });
  const auto coverer = grid->make_coverer();
  std::vector<Cell> cells;
  ASSERT_TRUE(coverer->cover("wkb", cells));  // "m" is met before those that sort before it
  names = {"z", "\xc3\xa9", "m", "B", "m", "a"};
  ASSERT_TRUE(coverer->cover("wkb", cells));
  EXPECT_THAT(names_in(*grid, cells), ElementsAre("B", "a", "m", "z", "\xc3\xa9"));
}

TEST(NamedPartitioner, KnowsTheNamesThatItHasMet) {
  const auto grid = naming({"a", "b"});
  EXPECT_EQ(grid->find("a"), std::nullopt);
  std::vector<Cell> cells;
  ASSERT_TRUE(grid->make_coverer()->cover("wkb", cells));
  EXPECT_EQ(grid->find("b"), cells[1]);
  EXPECT_EQ(grid->find("c"), std::nullopt);
  EXPECT_EQ(grid->find(kNoCellName), kNoCell);
  EXPECT_EQ(grid->name(kNoCell), kNoCellName);
}

TEST(NamedPartitioner, AFootprintWithoutNamesHasNoPlace) {
  std::vector<Cell> cells = {7};
  ASSERT_TRUE(naming({})->make_coverer()->cover("wkb", cells));
  EXPECT_THAT(cells, ElementsAre(kNoCell));
}

TEST(NamedPartitioner, RefusesNamesThatCannotBePartsOfPaths) {
  for (const std::string& name :
       std::vector<std::string>{"", "a/b", "__none__", "a=b", "tab\t", std::string(201, 'x')}) {
    std::vector<Cell> cells;
    const auto covered = naming({"good", name})->make_coverer()->cover("wkb", cells);
    ASSERT_FALSE(covered) << name;
    EXPECT_EQ(covered.error().kind, ErrorKind::kInvalidArgument);
    if (!name.empty()) EXPECT_THAT(covered.error().message, HasSubstr(name.substr(0, 40)));
  }
}

TEST(NamedPartitioner, HandsErrorsOn) {
  const auto grid = make_named_partitioner(
      [](std::string_view) -> Result<std::vector<std::string>> { return fail(ErrorKind::kIOError, "no idea"); });
  std::vector<Cell> cells;
  const auto covered = grid->make_coverer()->cover("wkb", cells);
  ASSERT_FALSE(covered);
  EXPECT_EQ(covered.error().kind, ErrorKind::kIOError);
  EXPECT_EQ(covered.error().message, "no idea");
}

TEST(NamedPartitioner, GivesOneCellANameWhicheverThreadMeetsIt) {
  const auto grid = make_named_partitioner(
      [](std::string_view wkb) -> Result<std::vector<std::string>> { return std::vector{std::string(wkb)}; });
  std::vector<std::vector<Cell>> met(4);
  {
    std::vector<std::jthread> threads;
    for (auto& cells : met) {
      threads.emplace_back([&] {
        const auto coverer = grid->make_coverer();
        std::vector<Cell> one;
        for (int i = 0; i < 500; ++i) {
          ASSERT_TRUE(coverer->cover(fmt::format("cell{}", i), one));
          cells.push_back(one.at(0));
        }
      });
    }
  }
  for (const auto& cells : met) EXPECT_EQ(cells, met[0]);
  for (std::size_t i = 0; i < met[0].size(); ++i) EXPECT_EQ(grid->name(met[0][i]), fmt::format("cell{}", i));
}

}  // namespace
}  // namespace earthcatalog::grid::testing
