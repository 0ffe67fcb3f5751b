#include "earthcatalog/pipeline/upsert.h"

#include <gtest/gtest.h>

#include <map>

namespace earthcatalog::pipeline {
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

std::vector<std::unique_ptr<ChunkPart>> parts_of(const std::vector<ItemSpec>& specs) {
  static const auto schema = std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kItslive));
  std::vector<std::unique_ptr<ChunkPart>> parts;
  parts.push_back(std::make_unique<ChunkPart>(schema));
  for (const auto& spec : specs) {
    ItemRecord item;
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

catalog::ObjectEntry owner(const std::string& key, const std::string& id, std::optional<TimeMicros> updated,
                           std::vector<std::string> cells) {
  auto entry = catalog::entry_of({.bucket = "b", .key = key, .size_bytes = {}, .last_modified = {}, .etag = "old"});
  entry.identity = identity_hash("c", id);
  entry.updated = updated;
  entry.cells = std::move(cells);
  entry.year = 2019;
  return entry;
}

Decision decide_on(const std::vector<ItemSpec>& specs, std::vector<catalog::ObjectEntry> owners = {}) {
  const auto parts = parts_of(specs);
  auto decision = decide(parts, LetterGrid(),
                         [&](std::span<const Hash128>) -> Result<std::vector<catalog::ObjectEntry>> { return owners; });
  EXPECT_TRUE(decision.has_value());
  return *decision;
}

TEST(Upsert, TheNewestVersionOfARunWinsWhateverTheOrder) {
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

TEST(Upsert, TiesGoToTheLaterObjectThenToTheGreaterName) {
  EXPECT_EQ(decide_on({{"k1", "x", 5, "a", 7}, {"k2", "x", 5, "a", 3}}).winners[0].item, 0U);
  EXPECT_EQ(decide_on({{"k1", "x", 5}, {"k2", "x", 5}}).winners[0].item, 1U);
  EXPECT_EQ(decide_on({{"k2", "x", {}}, {"k1", "x", 5}}).winners[0].item, 1U);
}

TEST(Upsert, ANewerItemDisplacesRowsInEveryCellAndYear) {
  const auto decision = decide_on({{"new", "x", 9, "a"}}, {owner("old", "x", 5, {"p", "q"})});
  EXPECT_EQ(decision.winners.size(), 1U);
  ASSERT_EQ(decision.removals.size(), 2U);
  EXPECT_EQ(decision.removals.begin()->first, (Bucket{"p", 2019}));
  EXPECT_TRUE(decision.removals.begin()->second.contains(identity_hash("c", "x")));
  for (const auto& entry : decision.entries) EXPECT_EQ(entry.owns_rows(), entry.name == "b/new") << entry.name;
}

TEST(Upsert, AnOlderItemIsSupersededAndRemovesNothing) {
  const auto decision = decide_on({{"new", "x", 1, "a"}}, {owner("old", "x", 5, {"p"})});
  EXPECT_TRUE(decision.winners.empty());
  EXPECT_TRUE(decision.removals.empty());
  EXPECT_EQ(decision.superseded, 1);
  ASSERT_EQ(decision.entries.size(), 1U);
  EXPECT_FALSE(decision.entries[0].owns_rows());
}

TEST(Upsert, TheSameObjectWithOtherContentReplacesItselfEvenWhenItSaysItIsOlder) {
  const auto decision = decide_on({{"k", "x", 1, "a"}}, {owner("k", "x", 5, {"p"})});
  EXPECT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.removals.size(), 1U);
  EXPECT_EQ(decision.entries.back().cells, std::vector<std::string>{"a"});
}

TEST(Upsert, AnOwnerThatChangedAndLostIsRecordedInItsNewVersion) {
  const auto decision = decide_on({{"k1", "x", 6}, {"k2", "x", 9}}, {owner("k1", "x", 5, {"p"})});
  std::map<std::string, std::string> recorded;  // the last entry of an object counts
  for (const auto& entry : decision.entries) recorded[entry.name] = entry.etag;
  EXPECT_EQ(recorded, (std::map<std::string, std::string>{{"b/k1", "e"}, {"b/k2", "e"}}));
}

TEST(Upsert, AnObjectListedTwiceIsOneItem) {
  const auto decision = decide_on({{"k", "x", 1}, {"k", "x", 1}});
  EXPECT_EQ(decision.winners.size(), 1U);
  EXPECT_EQ(decision.superseded, 1);
  EXPECT_EQ(decision.entries.size(), 1U);
}

}  // namespace
}  // namespace earthcatalog::pipeline
