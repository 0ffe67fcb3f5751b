#include "earthcatalog/ingest/resolve_versions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>

namespace earthcatalog::ingest {
namespace {

class LetterGrid final : public grid::Partitioner {
 public:
  std::unique_ptr<grid::Coverer> make_coverer() const override { return nullptr; }
  std::string name(grid::Cell cell) const override { return std::string(1, static_cast<char>(cell)); }
  std::optional<grid::Cell> find(std::string_view) const override { return std::nullopt; }
};

struct ItemSpec {
  std::string key, id;
  std::optional<TimeMicros> updated = 0;
  std::string cells = "a";
  std::optional<TimeMicros> last_modified = {};
};

std::vector<std::unique_ptr<ingest::ChunkPart>> parts_of(const std::vector<ItemSpec>& specs) {
  static const auto schema = std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kItslive));
  std::vector<std::unique_ptr<ingest::ChunkPart>> parts;
  parts.push_back(std::make_unique<ingest::ChunkPart>(schema));
  for (const auto& spec : specs) {
    ingest::ItemRecord item;
    item.object = {.bucket = "b", .key = spec.key, .size_bytes = {}, .last_modified = spec.last_modified, .etag = "e"};
    item.identity = identity_hash("c", spec.id);
    item.updated = spec.updated;
    item.year = 2020;
    item.first_cell = static_cast<std::uint32_t>(parts[0]->cells.size());
    item.cell_count = static_cast<std::uint32_t>(spec.cells.size());
    for (const char cell : spec.cells) parts[0]->cells.push_back(static_cast<grid::Cell>(cell));
    parts[0]->items.push_back(std::move(item));
  }
  return parts;
}

index::ObjectEntry owner(const std::string& key, const std::string& id, std::optional<TimeMicros> updated,
                         std::vector<std::string> cells) {
  auto entry = index::entry_of({.bucket = "b", .key = key, .size_bytes = {}, .last_modified = {}, .etag = "old"});
  entry.identity = identity_hash("c", id);
  entry.updated = updated;
  entry.cells = std::move(cells);
  entry.year = 2019;
  return entry;
}

index::ObjectEntry superseded(const std::string& key, const std::string& id, std::optional<TimeMicros> updated) {
  return owner(key, id, updated, {});
}

// Some of what is recorded is committed, some staged: where it lies must make no difference.
ingest::Decision decide_on(const std::vector<ItemSpec>& specs, const std::vector<index::ObjectEntry>& recorded = {}) {
  const auto parts = parts_of(specs);
  std::optional<ingest::Decision> first;
  for (std::size_t committed = 0; committed <= recorded.size(); ++committed) {
    storage::Stores stores({});
    const auto middle = recorded.begin() + static_cast<std::ptrdiff_t>(committed);
    const auto index = index::ObjectIndex::open(stores, {}, {})
                           .apply({.entries = {recorded.begin(), middle}, .forgotten = {}}, "memory://i/o", "run", 1);
    EXPECT_TRUE(index.has_value());
    ingest::StagedObjects staged(*index);
    for (const auto& entry : std::span(middle, recorded.end())) staged.record(entry);
    auto decision = ingest::decide(parts, LetterGrid(), staged);
    EXPECT_TRUE(decision.has_value());
    if (!first) first = *decision;
    EXPECT_EQ(decision->removals, first->removals);
    EXPECT_EQ(decision->superseded, first->superseded);
    EXPECT_EQ(decision->more_items, first->more_items);
    EXPECT_EQ(decision->winners.size(), first->winners.size());
    EXPECT_EQ(std::set(decision->forgotten.begin(), decision->forgotten.end()),
              std::set(first->forgotten.begin(), first->forgotten.end()));
  }
  return *first;
}

write::Removals rows(const std::string& id, const std::vector<std::string>& cells) {
  write::Removals removals;
  for (const auto& cell : cells) removals[{cell, 2019}] = {identity_hash("c", id)};
  return removals;
}

TEST(Upsert, NewestVersionWinsInAnyOrder) {
  for (const bool newest_first : {true, false}) {
    std::vector<ItemSpec> specs = {{"k1", "x", 5}, {"k2", "x", 9}, {"k3", "y", 1}};
    if (newest_first) std::swap(specs[0], specs[1]);
    const auto decision = decide_on(specs);
    EXPECT_EQ(decision.superseded, 1);
    ASSERT_EQ(decision.winners.size(), 2U);
    EXPECT_EQ(decision.winners[0].item, newest_first ? 0U : 1U);
    EXPECT_EQ(decision.entries.size(), 3U);  // the loser is recorded too
  }
}

TEST(Upsert, TiesGoToLaterModificationThenGreaterName) {
  EXPECT_EQ(decide_on({{"k1", "x", 5, "a", 7}, {"k2", "x", 5, "a", 3}}).winners[0].item, 0U);
  EXPECT_EQ(decide_on({{"k1", "x", 5}, {"k2", "x", 5}}).winners[0].item, 1U);
  EXPECT_EQ(decide_on({{"k2", "x", {}}, {"k1", "x", 5}}).winners[0].item, 1U);
}

TEST(Upsert, NewerItemDisplacesRowsInEveryCellAndYear) {
  const auto decision = decide_on({{"new", "x", 9, "a"}}, {owner("old", "x", 5, {"p", "q"})});
  EXPECT_EQ(decision.winners.size(), 1U);
  ASSERT_EQ(decision.removals.size(), 2U);
  EXPECT_EQ(decision.removals.begin()->first, (write::Partition{"p", 2019}));
  EXPECT_TRUE(decision.removals.begin()->second.contains(identity_hash("c", "x")));
  for (const auto& entry : decision.entries) EXPECT_EQ(entry.owns_rows(), entry.name == "b/new") << entry.name;
}

TEST(Upsert, OlderItemIsSupersededAndRemovesNothing) {
  const auto decision = decide_on({{"new", "x", 1, "a"}}, {owner("old", "x", 5, {"p"})});
  EXPECT_TRUE(decision.winners.empty());
  EXPECT_TRUE(decision.removals.empty());
  EXPECT_EQ(decision.superseded, 1);
  ASSERT_EQ(decision.entries.size(), 1U);
  EXPECT_FALSE(decision.entries[0].owns_rows());
}

TEST(Upsert, ChangedObjectReplacesItselfEvenIfUpdatedIsOlder) {
  const auto decision = decide_on({{"k", "x", 1, "a"}}, {owner("k", "x", 5, {"p"})});
  EXPECT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.removals.size(), 1U);
  EXPECT_EQ(decision.entries.back().cells, std::vector<std::string>{"a"});
}

TEST(Upsert, ChangedOwnerThatLosesIsRecordedInItsNewVersion) {
  const auto decision = decide_on({{"k1", "x", 6}, {"k2", "x", 9}}, {owner("k1", "x", 5, {"p"})});
  std::map<std::string, std::string> recorded;  // the last entry of an object counts
  for (const auto& entry : decision.entries) recorded[entry.name] = entry.etag;
  EXPECT_EQ(recorded, (std::map<std::string, std::string>{{"b/k1", "e"}, {"b/k2", "e"}}));
}

TEST(Upsert, ObjectListedTwiceIsOneItem) {
  const auto decision = decide_on({{"k", "x", 1}, {"k", "x", 1}});
  EXPECT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.superseded, 1);
  EXPECT_EQ(decision.entries.size(), 1U);
}

TEST(Upsert, ObjectListedTwiceHoldsItsLaterVersion) {
  const auto decision = decide_on({{"k", "x", 1}, {"k", "y", 1}});
  ASSERT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.winners[0].item, 1U);
  EXPECT_EQ(decision.entries.size(), 1U);
  EXPECT_EQ(decide_on({{"k", "x", 1, "a", 7}, {"k", "y", 1, "a", 3}}).winners[0].item, 0U);
}

TEST(Upsert, ObjectThatHoldsAnotherItemDropsTheOldItemsRows) {
  const auto decision = decide_on({{"k", "y", 1}}, {owner("k", "x", 5, {"p", "q"})});
  EXPECT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.removals, rows("x", {"p", "q"}));
  EXPECT_EQ(decision.entries.size(), 1U);
  EXPECT_TRUE(decision.forgotten.empty());
}

TEST(Upsert, ObjectThatLeavesAnItemDoesNotCompeteForIt) {
  const auto decision = decide_on({{"k", "y", 9}, {"other", "x", 1}}, {owner("k", "x", 5, {"p"})});
  EXPECT_EQ(decision.winners.size(), 2U);
  EXPECT_EQ(decision.removals, rows("x", {"p"}));
}

TEST(Upsert, OldRowsGoEvenIfTheNewItemIsSuperseded) {
  const auto decision = decide_on({{"k", "y", 1}}, {owner("k", "x", 5, {"p"}), owner("other", "y", 9, {"q"})});
  EXPECT_TRUE(decision.winners.empty());
  EXPECT_EQ(decision.removals, rows("x", {"p"}));
  ASSERT_EQ(decision.entries.size(), 1U);
  EXPECT_EQ(decision.entries[0].name, "b/k");
}

TEST(Upsert, SupersededObjectKeepsTheOwnersRows) {
  const auto decision = decide_on({{"k", "y", 1}}, {superseded("k", "x", 5), owner("other", "x", 9, {"p"})});
  EXPECT_TRUE(decision.removals.empty());
  EXPECT_TRUE(decision.forgotten.empty());
}

TEST(Upsert, ForgetsObjectsThatLostToARemovedVersion) {
  const std::vector<index::ObjectEntry> recorded = {owner("k", "x", 9, {"p"}), superseded("loser", "x", 5)};
  const auto left = decide_on({{"k", "y", 1}}, recorded);
  EXPECT_EQ(left.forgotten, std::vector{object_hash("b", "loser")});
  const auto went_back = decide_on({{"k", "x", 4}}, recorded);
  EXPECT_EQ(went_back.forgotten, std::vector{object_hash("b", "loser")});
  EXPECT_TRUE(decide_on({{"k", "x", 6}}, recorded).forgotten.empty());
  EXPECT_TRUE(decide_on({{"k", "y", 1}, {"new", "x", 6}}, recorded).forgotten.empty());
}

TEST(Upsert, OwnerRevertedToAnOlderVersionLosesToAnother) {
  const auto decision = decide_on({{"k", "x", 3}, {"other", "x", 5}}, {owner("k", "x", 9, {"p"})});
  ASSERT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.winners[0].item, 1U);
  EXPECT_EQ(decision.removals, rows("x", {"p"}));
}

TEST(Upsert, CountsAnItemOnceForSeveralOwners) {
  EXPECT_EQ(decide_on({{"a", "x"}, {"b", "x"}, {"c", "y"}}).more_items, 2);
  EXPECT_EQ(decide_on({{"new", "x", 9}}, {owner("k", "x", 5, {"p", "q"})}).more_items, 0);
  EXPECT_EQ(decide_on({{"k", "y", 1}}, {owner("k", "x", 5, {"p"})}).more_items, 0);
  EXPECT_EQ(decide_on({{"k", "y", 1}}, {owner("k", "x", 5, {"p"}), owner("other", "y", 9, {"q"})}).more_items, -1);
  EXPECT_EQ(decide_on({{"k", "y", 1}}, {owner("k", "x", 5, {"p"}), owner("other", "x", 5, {"q"})}).more_items, 1);
}

TEST(Upsert, ForgetsRemovedRowsWithoutObject) {
  auto unknown = owner("k", "x", 5, {"p"});
  unknown.name.clear();
  const auto decision = decide_on({{"new", "x", 9}}, {unknown});
  EXPECT_EQ(decision.forgotten, std::vector{unknown.object});
  EXPECT_EQ(decision.entries.size(), 1U);
  EXPECT_EQ(decision.removals, rows("x", {"p"}));
}

// Objects move between items, versions go up and down: the sum of decisions on some items at a time is the decision on
// all.
TEST(Upsert, PartsAddUpToTheWhole) {
  std::mt19937 random(20);
  const auto number = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  for (int round = 0; round < 200; ++round) {
    std::vector<index::ObjectEntry> recorded, incoming;
    std::map<std::string, bool> owned;  // items that have an owner
    for (int object = 0; object < 12; ++object) {
      const auto key = "k" + std::to_string(object);
      if (number(3) > 0) {
        const auto id = "i" + std::to_string(number(8));
        const bool owns = !owned[id];
        owned[id] = true;
        recorded.push_back(
            owner(key, id, number(9), owns ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{}));
      }
      if (number(2) > 0) incoming.push_back(owner(key, "i" + std::to_string(number(8)), number(9), {"b", "c"}));
    }
    storage::Stores stores({});
    ingest::StagedObjects staged(index::ObjectIndex::open(stores, {}, {}));
    for (const auto& entry : recorded) staged.record(entry);
    const auto whole = ingest::decide_entries(incoming, staged).value();

    std::vector<index::Holding> now;
    for (const auto& entry : incoming) now.push_back({entry.object, entry.identity});
    const auto left = staged.find_moved(now).value();
    const auto part_of = [](const index::ObjectEntry& entry) { return entry.identity.bytes[0] % 3; };
    std::set<std::string> winners, expected_winners;
    std::multiset<std::string> displaced, expected_displaced;
    std::multiset<Hash128> forgotten;
    write::Removals removals;
    std::int64_t more_items = 0;
    for (int part = 0; part < 3; ++part) {
      std::vector<index::ObjectEntry> some;
      ingest::Company company{.left = {}, .comes = [&](const Hash128& object) {
                                return std::ranges::find(incoming, object, &index::ObjectEntry::object) !=
                                       incoming.end();
                              }};
      std::ranges::copy_if(incoming, std::back_inserter(some), [&](const auto& e) { return part_of(e) == part; });
      std::ranges::copy_if(left, std::back_inserter(company.left), [&](const auto& e) { return part_of(e) == part; });
      auto decision = ingest::decide_part(some, company, staged).value();
      EXPECT_EQ(decision.incoming, some);
      for (const auto i : decision.winners) winners.insert(some[i].name);
      for (const auto& entry : decision.displaced) displaced.insert(entry.name);
      forgotten.insert(decision.forgotten.begin(), decision.forgotten.end());
      for (auto& [bucket, identities] : decision.removals) removals[bucket].merge(identities);
      more_items += decision.more_items;
    }
    for (const auto i : whole.winners) expected_winners.insert(incoming[i].name);
    for (const auto& entry : whole.displaced) expected_displaced.insert(entry.name);
    EXPECT_EQ(winners, expected_winners);
    EXPECT_EQ(displaced, expected_displaced);
    EXPECT_EQ(forgotten, std::multiset<Hash128>(whole.forgotten.begin(), whole.forgotten.end()));
    EXPECT_EQ(removals, whole.removals);
    EXPECT_EQ(more_items, whole.more_items);
  }
}

}  // namespace
}  // namespace earthcatalog::ingest
