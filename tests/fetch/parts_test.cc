// The small parts: backoff, limits, budgets.
#include <gtest/gtest.h>

#include "earthcatalog/fetch/access_rule.h"
#include "earthcatalog/fetch/backoff.h"
#include "earthcatalog/fetch/concurrency_limit.h"
#include "earthcatalog/fetch/memory_budget.h"
#include "earthcatalog/fetch/transport.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::seconds;

TEST(Backoff, DoublesWithJitterUpToHalfAMinute) {
  Backoff backoff(0.5, 1);
  for (int tries = 1; tries < 200; ++tries) {
    const double whole = tries < 7 ? 0.5 * (1 << (tries - 1)) : 30;
    const double wait = backoff.seconds(tries, {});
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
  }
  EXPECT_NE(backoff.seconds(3, {}), backoff.seconds(3, {}));
}

TEST(Backoff, SameSeedSameWaits) {
  Backoff one(0.5, 9), other(0.5, 9);
  for (int tries = 1; tries < 10; ++tries) EXPECT_EQ(one.seconds(tries, {}), other.seconds(tries, {}));
}

TEST(Backoff, RetryAfterIsNeverUndercut) {
  Backoff backoff(0.5, 1);
  for (int i = 0; i < 100; ++i) {
    const double wait = backoff.seconds(5, 12.0);
    EXPECT_GE(wait, 12);
    EXPECT_LE(wait, 12.25);
  }
}

TEST(ConcurrencyLimit, ShrinksOnceForWhatWasInFlight) {
  ConcurrencyLimit limit(100);
  const SteadyTime start{seconds(100)};
  for (int i = 0; i < 100; ++i) limit.on_throttled(start, start + seconds(1));
  EXPECT_EQ(limit.value(), 70);
  limit.on_throttled(start + seconds(2), start + seconds(3));
  EXPECT_EQ(limit.value(), 49);
}

TEST(ConcurrencyLimit, NeverBelowOneNorAboveTheMost) {
  ConcurrencyLimit limit(10);
  for (int i = 0; i < 100; ++i) limit.on_throttled(SteadyTime{seconds(i + 1)}, SteadyTime{seconds(i + 1)});
  EXPECT_EQ(limit.value(), 1);
  for (int i = 0; i < 1000; ++i) limit.on_success();
  EXPECT_EQ(limit.value(), 10);
}

TEST(ConcurrencyLimit, GrowsByOneForEachRound) {
  ConcurrencyLimit limit(100);
  limit.on_throttled(SteadyTime{seconds(1)}, SteadyTime{seconds(1)});
  for (int i = 0; i < 72; ++i) limit.on_success();
  EXPECT_EQ(limit.value(), 71);
}

TEST(AccessRule, OnePercentOfAtLeastOneHundredIsTooMany) {
  AccessRule rule;
  for (int i = 0; i < 99; ++i) {
    rule.on_refused();
    rule.on_decided();
    EXPECT_FALSE(rule.is_broken());
  }
  rule.on_decided();
  EXPECT_TRUE(rule.is_broken());

  AccessRule share;
  for (int i = 0; i < 1050; ++i) share.on_decided();
  for (int i = 0; i < 10; ++i) share.on_refused();
  EXPECT_FALSE(share.is_broken()) << "0.95 %";
  share.on_refused();
  EXPECT_TRUE(share.is_broken()) << "1.05 %";

  AccessRule few;
  for (int i = 0; i < 100; ++i) few.on_decided();
  for (int i = 0; i < 9; ++i) few.on_refused();
  EXPECT_FALSE(few.is_broken()) << "9 missing ones must not stop each run on the same objects";
  few.on_refused();
  EXPECT_TRUE(few.is_broken());
}

TEST(AccessRule, ToleratesLessThanOnePercentUpToOneThousand) {
  AccessRule rule;
  for (int i = 0; i < 1'000'000; ++i) rule.on_decided();
  for (int i = 0; i < 999; ++i) rule.on_refused();
  EXPECT_FALSE(rule.is_broken());
  rule.on_refused();
  EXPECT_TRUE(rule.is_broken());
}

TEST(MemoryBudget, TheFirstAlwaysFits) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.take(1000));
  EXPECT_FALSE(budget.has_room());
  EXPECT_FALSE(budget.take(1));
  budget.give_back(1000);
  EXPECT_TRUE(budget.take(60));
  EXPECT_FALSE(budget.take(60));
  EXPECT_TRUE(budget.take(40));
}

TEST(ChildUri, OneSlashBetween) {
  EXPECT_EQ(child_uri("s3://", "b"), "s3://b");
  EXPECT_EQ(child_uri("file:///data/", "b"), "file:///data/b");
  EXPECT_EQ(child_uri("gs://x/y", "b"), "gs://x/y/b");
  EXPECT_EQ(child_uri("", "b"), "b");
}

}  // namespace
}  // namespace earthcatalog::fetch
