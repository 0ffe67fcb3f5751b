#include "earthcatalog/index/object_index.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "earthcatalog/index/index_merge.h"
#include "support/index_owners.h"

namespace earthcatalog::index {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

storage::ObjectRef ref(const std::string& key, const std::string& etag = "",
                       std::optional<TimeMicros> last_modified = {}, std::optional<std::int64_t> size = {}) {
  return {.bucket = "b", .key = key, .size_bytes = size, .last_modified = last_modified, .etag = etag};
}

index::ObjectEntry entry(const storage::ObjectRef& object, const std::string& id, std::vector<std::string> cells,
                         std::optional<std::int32_t> year = 2020) {
  index::ObjectEntry result = index::entry_of(object);
  result.identity = identity_hash("c", id);
  result.cells = std::move(cells);
  result.year = year;
  return result;
}

class ObjectIndexTest : public ::testing::Test {
 protected:
  index::ObjectIndex with(std::vector<index::ObjectEntry> entries) {
    index::IndexUpdate update;
    update.entries = std::move(entries);
    return apply(empty(), update);
  }
  index::ObjectIndex empty() { return index::ObjectIndex::open(stores_, {}, options_); }
  index::ObjectIndex apply(const index::ObjectIndex& index, const index::IndexUpdate& update) {
    ++runs_;
    auto next = index.apply(update, "memory://index/wh_objects", fmt::format("run_{}", runs_), runs_);
    EXPECT_TRUE(next) << next.error().message;
    return next.value();
  }
  index::ObjectState state(const index::ObjectIndex& index, const storage::ObjectRef& object) {
    return index.lookup({&object, 1}).value().front();
  }

  storage::Stores stores_{{}};
  index::ObjectIndexOptions options_;
  int runs_ = 0;
};

TEST_F(ObjectIndexTest, ComparesByEtagThenTimeThenSizeThenNameAlone) {
  const auto index =
      with({entry(ref("all", "e1", 1'000'000, 5), "a", {"x"}), entry(ref("time", "", 1'000'000, 5), "b", {"x"}),
            entry(ref("size", "", {}, 5), "c", {"x"}), entry(ref("name"), "d", {"x"})});
  const auto is = [&](const storage::ObjectRef& object) { return state(index, object); };
  EXPECT_EQ(is(ref("all", "e1", 9'000'000, 9)), index::ObjectState::kUnchanged) << "the etag decides";
  EXPECT_EQ(is(ref("all", "e2", 1'000'000, 5)), index::ObjectState::kChanged);
  EXPECT_EQ(is(ref("all", "", 1'000'000, 9)), index::ObjectState::kUnchanged) << "the time decides";
  EXPECT_EQ(is(ref("all", "", 2'000'000, 5)), index::ObjectState::kChanged);
  EXPECT_EQ(is(ref("all", "", {}, 5)), index::ObjectState::kUnchanged);
  EXPECT_EQ(is(ref("all", "", {}, 6)), index::ObjectState::kChanged);
  EXPECT_EQ(is(ref("all")), index::ObjectState::kUnchanged);
  EXPECT_EQ(is(ref("time", "e1", 1'000'000, 6)), index::ObjectState::kUnchanged) << "no etag was recorded";
  EXPECT_EQ(is(ref("size", "e1", 7, 6)), index::ObjectState::kChanged);
  EXPECT_EQ(is(ref("name")), index::ObjectState::kUnchanged);
  EXPECT_EQ(is(ref("other")), index::ObjectState::kUnknown);
}

TEST_F(ObjectIndexTest, UnrecordedVersionCountsAsChanged) {
  const auto index = with({entry(ref("name"), "a", {"x"}), entry(ref("etag", "e1"), "b", {"x"})});
  for (const auto& object :
       {ref("name", "e1"), ref("name", "", 7), ref("name", "", {}, 6), ref("etag", "", 7), ref("etag", "", {}, 6)}) {
    EXPECT_EQ(state(index, object), index::ObjectState::kChanged) << object.key;
  }
  index::IndexUpdate update;
  update.entries.push_back(entry(ref("name", "e1"), "a", {"x"}));
  EXPECT_EQ(state(apply(index, update), ref("name", "e1")), index::ObjectState::kUnchanged)
      << "read once more, it is known";
}

TEST_F(ObjectIndexTest, ComparesTimesToTheSecondWhereOneHasNoFraction) {
  const auto index = with({entry(ref("a", "", 5'250'000), "a", {"x"}), entry(ref("b", "", -1'500'000), "b", {"x"})});
  EXPECT_EQ(state(index, ref("a", "", 5'000'000)), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(index, ref("a", "", 5'250'000)), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(index, ref("a", "", 5'500'000)), index::ObjectState::kChanged);
  EXPECT_EQ(state(index, ref("a", "", 6'000'000)), index::ObjectState::kChanged);
  EXPECT_EQ(state(index, ref("b", "", -2'000'000)), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(index, ref("b", "", -1'000'000)), index::ObjectState::kChanged);
}

TEST_F(ObjectIndexTest, ReturnsTheWholeEntryOfAnOwner) {
  auto owner = entry(ref("k", "etag", 1, 2), "id", {"81063ffffffffff", "__none__"}, std::nullopt);
  owner.updated = -5;
  const auto index = with({owner, entry(ref("old"), "id", {})});
  const Hash128 wanted[] = {owner.identity, owner.identity, identity_hash("", "id")};
  EXPECT_THAT(testing::owners_of(index, wanted).value(), ElementsAre(owner));
  EXPECT_EQ(state(index, ref("old")), index::ObjectState::kUnchanged) << "superseded objects stay recorded";
}

TEST_F(ObjectIndexTest, ItemThatMovesToAnotherObjectHasOneOwner) {
  const auto first = entry(ref("a"), "id", {"x"});
  const auto second = entry(ref("b"), "id", {"y"});
  auto index = with({first});
  index::IndexUpdate update;
  update.entries = {second};
  index::supersede(first, update);
  index = apply(index, update);
  EXPECT_THAT(testing::owners_of(index, {&first.identity, 1}).value(), ElementsAre(second));
}

TEST_F(ObjectIndexTest, ObjectThatHoldsAnotherItemLosesTheFirst) {
  const auto first = entry(ref("a"), "one", {"x"});
  const auto second = entry(ref("a"), "two", {"x"});
  const auto index = apply(with({first}), {.entries = {second}, .forgotten = {}});
  EXPECT_THAT(testing::owners_of(index, {&first.identity, 1}).value(), IsEmpty());
  EXPECT_THAT(testing::owners_of(index, {&second.identity, 1}).value(), ElementsAre(second));
}

TEST_F(ObjectIndexTest, FindsObjectsWhoseItemChanged) {
  const auto moved = entry(ref("moved"), "one", {"x"});
  const auto stays = entry(ref("stays"), "two", {"x"});
  auto index = with({moved, stays, entry(ref("back"), "three", {"x"}), entry(ref("gone"), "four", {"x"}),
                     entry(ref("lost"), "five", {})});
  index = apply(index, {.entries = {entry(ref("back"), "six", {"x"})}, .forgotten = {object_hash("b", "gone")}});
  std::vector<index::Holding> now;
  for (const auto& [key, id] : std::map<std::string, std::string>{
           {"moved", "six"}, {"stays", "two"}, {"back", "six"}, {"gone", "six"}, {"lost", "six"}, {"new", "one"}}) {
    now.push_back({object_hash("b", key), identity_hash("c", id)});
  }
  EXPECT_THAT(index.find_moved(now).value(), ElementsAre(moved));
  const auto again = apply(index, {.entries = {entry(ref("moved"), "six", {"y"})}, .forgotten = {}});
  EXPECT_THAT(again.find_moved(now).value(), IsEmpty());
}

TEST_F(ObjectIndexTest, HoldersAreTheOwnerAndSupersededObjects) {
  const auto owner = entry(ref("owner"), "id", {"x"});
  const auto loser = entry(ref("loser"), "id", {});
  const auto index = apply(with({owner, loser, entry(ref("gone"), "id", {}), entry(ref("left"), "id", {})}),
                           {.entries = {entry(ref("left"), "other", {})}, .forgotten = {object_hash("b", "gone")}});
  EXPECT_THAT(index.find_holders({&owner.identity, 1}).value(), UnorderedElementsAre(owner, loser));
  EXPECT_THAT(testing::owners_of(index, {&owner.identity, 1}).value(), ElementsAre(owner));
}

TEST_F(ObjectIndexTest, CountsItemsFromTheManifestElseByReading) {
  auto unknown = entry({}, "both", {"x"}, 2019);
  unknown.name.clear();
  auto index = apply(empty(), {.entries = {entry(ref("a"), "one", {"x"}), entry(ref("b"), "both", {"x"}), unknown},
                               .forgotten = {},
                               .more_items = 2});
  EXPECT_EQ(index.manifest().items, 2);
  index = apply(index, {});
  EXPECT_EQ(index.count_items().value(), 2);
  index = apply(index, {.entries = {entry(ref("c"), "three", {"x"}), entry(ref("a"), "one", {})}, .forgotten = {}});
  EXPECT_EQ(index.manifest().items, std::nullopt);
  EXPECT_EQ(index.count_items().value(), 2);
  index = apply(index, {.entries = {entry(ref("d"), "four", {"x"})}, .forgotten = {}, .more_items = 1});
  EXPECT_EQ(index.manifest().items, std::nullopt);
  EXPECT_EQ(index.count_items().value(), 3);
}

TEST_F(ObjectIndexTest, SnapshotChangeAloneWritesNoRun) {
  const auto index = with({entry(ref("a"), "one", {"x"})});
  const auto next = index.apply({}, "memory://index/wh_objects", "none", 99).value();
  EXPECT_EQ(next.manifest().snapshot_id, 99);
  EXPECT_EQ(next.manifest().runs, index.manifest().runs);
}

TEST_F(ObjectIndexTest, RemovesRetiredRunsAfterTheirLastReader) {
  options_.max_runs = 1;
  auto index = std::make_unique<index::ObjectIndex>(with({entry(ref("a"), "one", {"x"})}));
  const auto where = stores_.locate(index->manifest().runs[0].uri).value();
  const auto next = apply(*index, {.entries = {entry(ref("b"), "two", {"x"})}, .forgotten = {}});
  ASSERT_THAT(next.manifest().runs, SizeIs(1));
  index->retire_except({&next});
  EXPECT_EQ(state(*index, ref("a")), index::ObjectState::kUnchanged);
  EXPECT_TRUE(where.store->head(where.key).value());
  index.reset();
  EXPECT_FALSE(where.store->head(where.key).value());
  EXPECT_EQ(state(next, ref("a")), index::ObjectState::kUnchanged);
}

TEST_F(ObjectIndexTest, TakenNameGetsANumber) {
  const auto empty = index::ObjectIndex::open(stores_, {}, options_);
  const auto update = [](const char* key) { return index::IndexUpdate{.entries = {entry(ref(key), key, {"x"})}}; };
  const auto first = empty.apply(update("a"), "memory://index/taken", "run", 1).value();
  const auto second = empty.apply(update("b"), "memory://index/taken", "run", 1).value();
  EXPECT_EQ(first.manifest().runs[0].uri, "memory://index/taken/run.parquet");
  EXPECT_EQ(second.manifest().runs[0].uri, "memory://index/taken/run_2.parquet");
  const auto again = index::ObjectIndex::open(stores_, first.manifest(), options_);
  EXPECT_EQ(state(again, ref("a")), index::ObjectState::kUnchanged);
  EXPECT_EQ(state(again, ref("b")), index::ObjectState::kUnknown);
}

TEST_F(ObjectIndexTest, SaysWhichRunIsMissingOrBroken) {
  index::IndexManifest manifest{.snapshot_id = 1,
                                .runs = {{.uri = "memory://index/gone.parquet", .entries = 1, .size_bytes = 10}}};
  const auto object = ref("a");
  const auto missing = index::ObjectIndex::open(stores_, manifest, options_).lookup({&object, 1});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("memory://index/gone.parquet"));
  const auto where = stores_.locate(manifest.runs[0].uri).value();
  ASSERT_TRUE(where.store->put(where.key, "no Parquet"));
  const auto broken = index::ObjectIndex::open(stores_, manifest, options_).lookup({&object, 1});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::kInvalidData);
  EXPECT_THAT(broken.error().message, HasSubstr("memory://index/gone.parquet"));
}

TEST(IndexManifest, RoundTripsAndRefusesOtherText) {
  const index::IndexManifest manifest{.snapshot_id = -7, .runs = {{.uri = "s3://b/x", .entries = 3, .size_bytes = 4}}};
  EXPECT_EQ(index::IndexManifest::parse(manifest.to_json()).value(), manifest);
  EXPECT_EQ(index::IndexManifest::parse(index::IndexManifest().to_json()).value(), index::IndexManifest());
  EXPECT_EQ(index::IndexManifest::parse(R"({"snapshot-id": 1, "runs": []})").value().items, std::nullopt);
  for (const char* bad : {"", "{}", R"({"runs": 1})", R"({"runs": [1]})", R"({"runs": [{"path": 1}]})"}) {
    EXPECT_FALSE(index::IndexManifest::parse(bad)) << bad;
  }
}

TEST(Newer, GoesByUpdatedThenTimeThenName) {
  index::ObjectEntry a, b;
  a.name = "b/1";
  b.name = "b/2";
  EXPECT_TRUE(index::newer(b, a));
  a.last_modified = 1;
  EXPECT_TRUE(index::newer(a, b));
  b.updated = -9;
  EXPECT_TRUE(index::newer(b, a)) << "no updated is the oldest";
  EXPECT_FALSE(index::newer(a, a));
}

// Appending runs of equal size, each entry is rewritten a few times, however many runs there were.
TEST(RunsToMerge, RewritesEachEntryFewTimes) {
  std::vector<std::int64_t> runs;
  std::int64_t written = 0;
  for (int commit = 0; commit < 430; ++commit) {
    runs.push_back(1);
    const std::size_t count = runs.size() > 8 ? index::runs_to_merge(runs) : 1;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += runs.back();
      runs.pop_back();
    }
    runs.push_back(sum);
    written += sum;
    ASSERT_LE(runs.size(), 8u);
  }
  EXPECT_LE(written, 430 * 7);
}

// The index against a map, under random changes, merges and restarts.
RC_GTEST_PROP(ObjectIndexModel, IsAMap, ()) {
  storage::Stores stores({});
  index::ObjectIndexOptions options;
  options.max_runs = *rc::gen::inRange<std::size_t>(1, 5);
  options.row_group_rows = *rc::gen::element<std::int64_t>(1, 3, 50);
  options.memory_bytes = *rc::gen::element<std::int64_t>(1, 1 << 20);
  std::map<std::string, index::ObjectEntry> model;
  index::ObjectIndex index = index::ObjectIndex::open(stores, {}, options);
  const auto steps = *rc::gen::inRange(1, 15);
  for (int step = 0; step < steps; ++step) {
    index::IndexUpdate update;
    std::set<std::string> touched;
    const auto changes = *rc::gen::inRange(0, 12);
    for (int i = 0; i < changes; ++i) {
      const std::string key = fmt::format("k{}", *rc::gen::inRange(0, 25));
      if (!touched.insert(key).second) continue;
      const auto object = ref(key, fmt::format("e{}", *rc::gen::inRange(0, 3)));
      if (*rc::gen::inRange(0, 4) == 0) {
        update.forgotten.push_back(object_hash("b", key));
        model.erase(key);
        continue;
      }
      std::vector<std::string> cells;
      for (int cell = *rc::gen::inRange(0, 3); cell > 0; --cell) cells.push_back(fmt::format("cell{}", cell));
      const auto added = entry(object, fmt::format("id{}", *rc::gen::inRange(0, 10)), cells, 2000 + step);
      update.entries.push_back(added);
      model[key] = added;
    }
    auto next = index.apply(update, "memory://model/objects", fmt::format("run{}", step), step);
    RC_ASSERT(next.has_value());
    RC_ASSERT(next->manifest().runs.size() <= options.max_runs);
    index.retire_except({&*next});
    index = *rc::gen::arbitrary<bool>() ? index::ObjectIndex::open(stores, next->manifest(), options) : *next;
  }

  for (int k = 0; k < 26; ++k) {
    const auto object = ref(fmt::format("k{}", k), "e1");
    const auto found = model.find(object.key);
    const auto expected = found == model.end()         ? index::ObjectState::kUnknown
                          : found->second.etag == "e1" ? index::ObjectState::kUnchanged
                                                       : index::ObjectState::kChanged;
    RC_ASSERT(index.lookup({&object, 1}).value().front() == expected);
  }
  std::map<std::string, index::ObjectEntry> scanned, owners, expected_owners;
  RC_ASSERT(index
                .scan([&](index::ObjectEntry&& found) -> Status {
                  scanned[found.name.substr(2)] = found;
                  return {};
                })
                .has_value());
  RC_ASSERT(scanned == model);
  std::vector<Hash128> identities;
  for (int id = 0; id < 10; ++id) identities.push_back(identity_hash("c", fmt::format("id{}", id)));
  const auto found = testing::owners_of(index, identities);
  RC_ASSERT(found.has_value());
  for (const auto& owner : *found) owners[owner.name.substr(2)] = owner;
  for (const auto& [key, recorded] : model) {
    if (recorded.owns_rows()) expected_owners[key] = recorded;
  }
  RC_ASSERT(owners == expected_owners);
}

}  // namespace
}  // namespace earthcatalog::index
