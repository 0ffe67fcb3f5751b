// Which of an item's rows are right, by facts alone.
#include "earthcatalog/maintenance/audit/row_judge.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace earthcatalog::maintenance {
namespace {

using What = maintenance::RowFact::What;

constexpr TimeMicros kOld = 1'000'000, kNew = 2'000'000;

maintenance::RowFact owner(const std::string& id, const std::string& cell, TimeMicros updated = kOld,
                           std::uint32_t object = 1) {
  return {.key = identity_hash("c", id),
          .place = maintenance::place_of(cell, 2020),
          .what = What::kOwner,
          .year = 2020,
          .updated = updated,
          .source = object};
}

maintenance::RowFact row(const std::string& id, const std::string& cell, std::uint32_t number,
                         What what = What::kPrimaryRow, TimeMicros updated = kOld, std::int32_t year = 2020) {
  return {.key = identity_hash("c", id),
          .place = maintenance::place_of(cell, year),
          .what = what,
          .year = year,
          .updated = updated,
          .source = 7,
          .row = number};
}

maintenance::RowFact superseded(const std::string& id) {
  return {.key = identity_hash("c", id), .what = What::kSuperseded, .source = 9};
}

class Judging : public ::testing::Test {
 protected:
  // The findings, by row number; entries' as -1.
  std::multimap<std::int64_t, maintenance::Finding> judge(const std::vector<maintenance::RowFact>& facts,
                                                          std::int64_t memory_bytes = 1 << 20) {
    maintenance::RowFacts sorter({.memory_bytes = memory_bytes});
    for (const auto& fact : facts) EXPECT_TRUE(sorter.add(fact));
    counted_ = {};
    const auto verdict = maintenance::judge_rows(sorter, {}, counted_);
    EXPECT_TRUE(verdict);
    std::multimap<std::int64_t, maintenance::Finding> found;
    EXPECT_TRUE(verdict->rows.scan([&](std::int64_t, const maintenance::RowFault& fault) -> Status {
      found.emplace(fault.row, fault.finding);
      EXPECT_TRUE(verdict->faulty_files.at(fault.file));
      return {};
    }));
    EXPECT_TRUE(verdict->entries.scan([&](std::int64_t, const maintenance::EntryFault& fault) -> Status {
      found.emplace(-1, fault.finding);
      return {};
    }));
    return found;
  }

  maintenance::AuditedRows counted_;
};

using Found = std::multimap<std::int64_t, maintenance::Finding>;

TEST_F(Judging, WhatTheIndexSaysIsThere) {
  EXPECT_EQ(judge({owner("a", "x"), owner("a", "y"), row("a", "x", 0), row("a", "y", 1, What::kRow)}), Found{});
  EXPECT_EQ(counted_.held, 2);
  EXPECT_EQ(counted_.items, 1);
}

TEST_F(Judging, ARowThatIsNotThere) {
  EXPECT_EQ(judge({owner("a", "x"), owner("a", "y"), row("a", "x", 0)}),
            (Found{{-1, maintenance::Finding::kLostRows}}));
}

TEST_F(Judging, ARowInACellOrYearThatTheIndexDoesNotName) {
  EXPECT_EQ(judge({owner("a", "x"), row("a", "x", 0), row("a", "y", 1, What::kRow)}),
            (Found{{1, maintenance::Finding::kUnknownRows}}));
  EXPECT_EQ(judge({owner("a", "x"), row("a", "x", 0), row("a", "x", 1, What::kRow, kOld, 2021)}),
            (Found{{1, maintenance::Finding::kUnknownRows}}));
}

TEST_F(Judging, RowOfTheRecordedVersionCounts) {
  EXPECT_EQ(
      judge({owner("a", "x", kNew), row("a", "x", 0, What::kRow, kOld), row("a", "x", 1, What::kPrimaryRow, kNew)}),
      (Found{{0, maintenance::Finding::kDoubledRows}}));
  EXPECT_EQ(
      judge({owner("a", "x", kOld), row("a", "x", 0, What::kPrimaryRow, kOld), row("a", "x", 1, What::kRow, kNew)}),
      (Found{{1, maintenance::Finding::kDoubledRows}}));
}

TEST_F(Judging, ARowOfAnotherVersion) {
  EXPECT_EQ(judge({owner("a", "x", kNew), row("a", "x", 0)}), (Found{{0, maintenance::Finding::kStaleRows}}));
  EXPECT_EQ(judge({owner("a", "x", kOld), row("a", "x", 0, What::kPrimaryRow, kNew)}),
            (Found{{0, maintenance::Finding::kStaleRows}}));
}

TEST_F(Judging, ItemsWithoutObjectAreJudgedByTheirNewestRow) {
  EXPECT_EQ(judge({row("a", "x", 0), row("a", "y", 1, What::kRow)}),
            (Found{{0, maintenance::Finding::kUnknownRows}, {1, maintenance::Finding::kUnknownRows}}));
  EXPECT_EQ(judge({row("a", "x", 0, What::kPrimaryRow, kNew), row("a", "y", 1, What::kRow, kOld)}),
            (Found{{0, maintenance::Finding::kUnknownRows}, {1, maintenance::Finding::kStaleRows}}));
  const auto years = judge({row("a", "x", 0), row("a", "x", 1, What::kRow, kOld, 2021)});
  EXPECT_EQ(years.size(), 2U);
  EXPECT_EQ(std::ranges::count(years, maintenance::Finding::kDoubledRows, &Found::value_type::second), 1);
}

TEST_F(Judging, TwoObjectsThatOwnOneItem) {
  EXPECT_EQ(judge({owner("a", "x", kOld, 1), owner("a", "x", kOld, 2), row("a", "x", 0)}),
            (Found{{-1, maintenance::Finding::kDoubledObjects}}));
}

TEST_F(Judging, ASupersededObjectNeedsSomebodyToOwnItsItem) {
  EXPECT_EQ(judge({superseded("a"), owner("a", "x"), row("a", "x", 0)}), Found{});
  EXPECT_EQ(judge({superseded("a")}), (Found{{-1, maintenance::Finding::kLostRows}}));
}

TEST_F(Judging, ExactlyOneRowIsPrimaryOrNoneSays) {
  EXPECT_EQ(judge({owner("a", "x"), owner("a", "y"), row("a", "x", 0), row("a", "y", 1)}).count(1) +
                judge({owner("a", "x"), owner("a", "y"), row("a", "x", 0), row("a", "y", 1)}).count(0),
            1U);
  EXPECT_EQ(judge({owner("a", "x"), row("a", "x", 0, What::kRow)}), (Found{{0, maintenance::Finding::kPrimary}}));
  EXPECT_EQ(judge({owner("a", "x"), row("a", "x", 0, What::kUnsaidRow)}), Found{});
  EXPECT_EQ(counted_.without_primary, 1);
}

// Every row is in one class, whatever the facts, and however little memory there is.
TEST_F(Judging, RowsAddUp) {
  std::mt19937 random(7);
  const auto draw = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 200; ++round) {
    std::vector<maintenance::RowFact> facts;
    std::int64_t rows = 0;
    for (std::uint32_t i = 0; i < 40; ++i) {
      const std::string id(1, static_cast<char>('a' + draw(8))), cell(1, static_cast<char>('x' + draw(2)));
      const TimeMicros updated = draw(2) == 0 ? kOld : kNew;
      switch (draw(4)) {
        case 0:
          facts.push_back(owner(id, cell, updated, draw(3)));
          break;
        case 1:
          facts.push_back(superseded(id));
          break;
        default:
          facts.push_back(row(id, cell, i, static_cast<What>(2 + draw(3)), updated, 2020 + static_cast<int>(draw(2))));
          ++rows;
      }
    }
    const auto found = judge(facts);
    std::int64_t faulty = 0;
    for (const auto& [number, finding] : found)
      faulty += number >= 0 && finding != maintenance::Finding::kPrimary ? 1 : 0;
    EXPECT_EQ(counted_.held + faulty, rows);
    EXPECT_EQ(judge(facts, 64), found);
  }
}

TEST_F(Judging, AnItemWithFewerCellsThanItsFootprintTouches) {
  auto primary = row("i", "x", 1);
  const auto other = row("i", "y", 2, What::kRow);
  primary.cover = 2;
  const std::multimap<std::int64_t, maintenance::Finding> lost{{1, maintenance::Finding::kLostCells}},
      row_lost{{-1, maintenance::Finding::kLostRows}};
  EXPECT_EQ(judge({owner("i", "x"), owner("i", "y"), primary, other}).size(), 0);
  EXPECT_EQ(judge({owner("i", "x"), primary}), lost);
  EXPECT_EQ(judge({owner("i", "x"), owner("i", "y"), primary}), row_lost) << "the index knows of it: one fault";
  const auto nameless = judge({primary});
  EXPECT_TRUE(nameless.contains(1) && nameless.count(1) == 2) << "unknown, and less than it should be";
  primary.cover = 0;
  EXPECT_EQ(judge({owner("i", "x"), primary}).size(), 0) << "nobody looked";
}

}  // namespace
}  // namespace earthcatalog::maintenance
