// Conditional puts: what a catalog and a lock stand on.
#include <barrier>
#include <thread>

#include "earthcatalog/storage/conditional_probe.h"
#include "earthcatalog/storage/memory_store.h"
#include "storage/any_store.h"

namespace earthcatalog::storage {
namespace {

class ConditionalTest : public AnyStoreTest {};

TEST_P(ConditionalTest, PutIfAbsentWritesOnlyWhenAbsent) {
  const auto first = store().put_if_absent(key("lock"), "mine");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_TRUE(first->stored);
  EXPECT_EQ(first->etag, (*store().head(key("lock")))->etag);
  const auto second = store().put_if_absent(key("lock"), "theirs");
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_FALSE(second->stored);
  EXPECT_EQ(second->etag, "");
  EXPECT_EQ(get("lock"), "mine");
  ASSERT_TRUE(store().remove(std::vector<std::string>{key("lock")}).has_value());
  EXPECT_TRUE(store().put_if_absent(key("lock"), "again")->stored);
}

TEST_P(ConditionalTest, PutIfMatchWritesOnlyWhenUnchanged) {
  const std::string first = put("catalog", "1");
  const auto second = store().put_if_match(key("catalog"), "2", first);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_TRUE(second->stored);
  EXPECT_NE(second->etag, first);
  EXPECT_FALSE(store().put_if_match(key("catalog"), "3", first)->stored);
  EXPECT_EQ(get("catalog"), "2");
  EXPECT_TRUE(store().put_if_match(key("catalog"), "3", second->etag)->stored);
}

TEST_P(ConditionalTest, MatchOnAMissingKeyIsALostRace) {
  const auto result = store().put_if_match(key("missing"), "x", "0123456789abcdef0123456789abcdef");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_FALSE(result->stored);
  EXPECT_EQ(get("missing"), std::nullopt);
}

TEST_P(ConditionalTest, RemovalCanNameWhatItRemoves) {
  const std::string first = put("lock", "mine");
  const auto second = store().put_if_match(key("lock"), "theirs", first);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(store().remove_if_match(key("lock"), first), false);
  EXPECT_EQ(get("lock"), "theirs");
  EXPECT_EQ(store().remove_if_match(key("lock"), second->etag), true);
  EXPECT_EQ(get("lock"), std::nullopt);
  const auto gone = store().remove_if_match(key("lock"), second->etag);
  ASSERT_TRUE(gone.has_value()) << gone.error().message;
  EXPECT_TRUE(is(Kind::kS3) || *gone);  // some servers answer 404, others 412: the removal did not happen
}

TEST_P(ConditionalTest, RemovalFromAMissingFolderDoesNothing) {
  const auto gone = store().remove_if_match(key("no/such/folder/lock"), "0123456789abcdef0123456789abcdef");
  ASSERT_TRUE(gone.has_value()) << gone.error().message;
  EXPECT_TRUE(is(Kind::kS3) || *gone);
}

TEST_P(ConditionalTest, OneOfManyCreatorsWins) {
  // SeaweedFS makes a loser wait for a second now and then.
  const int kThreads = is(Kind::kS3) ? 8 : 16, kRounds = is(Kind::kS3) ? 4 : 20;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = key(fmt::format("race{}", round));
    std::barrier start(kThreads);
    std::atomic<int> winner = -1, winners = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const auto mine = another();
        start.arrive_and_wait();
        const auto result = mine->put_if_absent(name, std::to_string(t));
        ASSERT_TRUE(result.has_value()) << result.error().message;
        if (result->stored) {
          ++winners;
          winner = t;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ((*store().get(name))->bytes, std::to_string(winner));
  }
}

// A counter that many raise by compare-and-swap: an update that is lost or done twice shows in the sum.
TEST_P(ConditionalTest, NoUpdateIsLost) {
  constexpr int kThreads = 8, kUpdates = 12;
  put("counter", "000");
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      const auto mine = another();
      for (int done = 0; done < kUpdates;) {
        const auto now = mine->get(key("counter"));
        ASSERT_TRUE(now.has_value() && now->has_value());
        const std::string next = fmt::format("{:03}", std::stoi((*now)->bytes) + 1);
        const auto result = mine->put_if_match(key("counter"), next, (*now)->info.etag);
        ASSERT_TRUE(result.has_value()) << result.error().message;
        done += result->stored ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(get("counter"), fmt::format("{:03}", kThreads * kUpdates));
}

TEST_P(ConditionalTest, ProbeBelievesAndCleansUp) {
  const auto works = probe_conditional_put(store(), key("probe"));
  ASSERT_TRUE(works.has_value()) << works.error().message;
  EXPECT_TRUE(*works);
  EXPECT_TRUE(list("").empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, ConditionalTest, testing::Values(Kind::kMemory, Kind::kLocal, Kind::kS3), name_of);

// As some S3 look-alikes do.
class CarelessStore : public MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  Result<PutResult> put_if_absent(std::string_view key, std::string_view bytes) override {
    return put(key, bytes, Existing::kReplace);
  }
};

TEST(Probe, FindsOutAStoreThatIgnoresConditions) {
  CarelessStore store("careless");
  EXPECT_EQ(*probe_conditional_put(store, "p"), false);
  EXPECT_FALSE((*store.head("p")).has_value());
}

class RefusingStore : public MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  Result<PutResult> put_if_absent(std::string_view, std::string_view) override {
    return fail(ErrorKind::kUnsupported, "501 NotImplemented");
  }
};

TEST(Probe, UnsupportedMeansNo) {
  RefusingStore store("refusing");
  EXPECT_EQ(*probe_conditional_put(store, "p"), false);
}

}  // namespace
}  // namespace earthcatalog::storage
