#include "earthcatalog/grid/named_partitioner.h"

#include <gmock/gmock.h>

#include <thread>

namespace earthcatalog::grid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Footprints = std::span<const std::string>;
using Answer = Result<std::vector<std::vector<std::string>>>;

// A grid that gives each footprint the same names.
std::shared_ptr<const Partitioner> naming(std::vector<std::string> names) {
  return make_named_partitioner(
      [names](Footprints footprints) { return Answer(std::vector(footprints.size(), names)); });
}

std::vector<std::string> names_in(const Partitioner& grid, const std::vector<Cell>& cells) {
  std::vector<std::string> names;
  for (const Cell cell : cells) names.push_back(grid.name(cell));
  return names;
}

TEST(NamedPartitioner, GivesCellsInTheOrderOfTheirNamesEachOnce) {
  std::vector<std::string> names = {"m"};
  const auto grid = make_named_partitioner([&](Footprints) { return Answer({names}); });
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
  const auto grid = make_named_partitioner([](Footprints) -> Answer { return fail(ErrorKind::kIOError, "no idea"); });
  std::vector<Cell> cells;
  const auto covered = grid->make_coverer()->cover("wkb", cells);
  ASSERT_FALSE(covered);
  EXPECT_EQ(covered.error().kind, ErrorKind::kIOError);
  EXPECT_EQ(covered.error().message, "no idea");
}

TEST(NamedPartitioner, CoversManyFootprintsInOneCall) {
  std::vector<std::size_t> sizes;
  const auto grid = make_named_partitioner(
      [&](Footprints footprints) -> Answer {
        sizes.push_back(footprints.size());
        std::vector<std::vector<std::string>> names;
        for (const auto& footprint : footprints) names.push_back({footprint});
        return names;
      },
      100);
  const auto coverer = grid->make_coverer();
  EXPECT_EQ(coverer->most_at_once(), 100U);
  const std::vector<std::string> footprints = {"a", "bad/name", "b"};
  const auto covered = coverer->cover_many(footprints);
  ASSERT_EQ(covered.size(), 3U);
  EXPECT_THAT(sizes, ElementsAre(3U));
  EXPECT_THAT(names_in(*grid, covered[0].value()), ElementsAre("a"));
  ASSERT_FALSE(covered[1]);
  EXPECT_THAT(covered[1].error().message, HasSubstr("bad/name"));
  EXPECT_THAT(names_in(*grid, covered[2].value()), ElementsAre("b"));
}

TEST(NamedPartitioner, RefusesAnAnswerForAnotherNumberOfFootprints) {
  const auto grid = make_named_partitioner([](Footprints) -> Answer { return {{}}; }, 8);
  const std::vector<std::string> footprints = {"a", "b"};
  for (const auto& covered : grid->make_coverer()->cover_many(footprints)) {
    ASSERT_FALSE(covered);
    EXPECT_EQ(covered.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(covered.error().message, HasSubstr("asked for 2"));
  }
}

TEST(NamedPartitioner, GivesOneCellANameWhicheverThreadMeetsIt) {
  const auto grid = make_named_partitioner([](Footprints footprints) { return Answer({{footprints.front()}}); });
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
