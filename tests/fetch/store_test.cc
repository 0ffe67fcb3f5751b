// Source roots behind an ObjectStore, read by threads: memory:// here, gs:// and abfs:// alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "earthcatalog/fetch/blocking_transport.h"
#include "earthcatalog/fetch/run.h"
#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

TEST(StoreRoot, ObjectsOfAMemoryStore) {
  storage::Stores stores({});
  auto options = quick_options();
  options.source_root = "memory://fetch-test/data";
  options.max_object_bytes = 5000;
  const auto place = stores.locate("memory://fetch-test");
  ASSERT_TRUE(place);
  std::vector<storage::ObjectRef> refs;
  for (int i = 0; i < 500; ++i) {
    const auto key = "x/" + std::to_string(i);
    ASSERT_TRUE(place->store->put("data/b/" + key, std::string(static_cast<std::size_t>(i), 'x')));
    refs.push_back(object("b", key));
  }
  ASSERT_TRUE(place->store->put("data/b/large", std::string(5001, 'x')));
  refs.push_back(object("b", "large"));
  refs.push_back(object("b", "none"));
  Fetcher fetcher(stores, options);
  const auto outcomes = fetch_all(fetcher, refs);
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 500);
  for (int i = 0; i < 500; ++i) {
    const auto& body = outcomes.at("b/x/" + std::to_string(i)).body;
    EXPECT_EQ(body.size(), static_cast<std::size_t>(i));
    EXPECT_GE(body.capacity(), body.size() + 64);
  }
  EXPECT_EQ(outcomes.at("b/large").kind, "too_large");
  EXPECT_EQ(outcomes.at("b/none").outcome, Outcome::kMissing);
  EXPECT_THAT(outcomes.at("b/none").reason, testing::HasSubstr("memory://fetch-test/data/b/none"));
}

/// Fails each first read, and refuses what it is told to.
class FaultyReader : public Reader {
 public:
  Status open(Bucket&) override { return {}; }
  Attempt read(const Bucket& bucket, std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto name = bucket.name + "/" + std::string(key);
    if (bucket.name == "closed") return {.verdict = Verdict::kRefused, .kind = "denied", .reason = "no"};
    if (++tries_[name] == 1) return {.verdict = Verdict::kLater, .kind = "io_error", .reason = "disk"};
    return {.verdict = Verdict::kFetched, .body = name};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::string, int> tries_;
};

struct Tally {
  Status status;
  std::map<std::string, int> seen;
};

Tally run_faulty(int threads, const std::vector<storage::ObjectRef>& refs) {
  auto options = quick_options();
  BlockingTransport transport(std::make_unique<FaultyReader>(),
                              {.threads = threads, .at_once = 3, .max_bytes_in_flight = 50, .root_uri = "test://"});
  AtomicCounters counters;
  const EventFunction no_events;
  fetch::Run run(transport, options, counters, no_events);
  Tally tally;
  std::size_t given = 0;
  const std::atomic<bool> stop = false;
  tally.status = run.go(
      [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
        if (given == refs.size()) return Fetcher::Pull::kEnd;
        work.object = refs[given++];
        return Fetcher::Pull::kWork;
      },
      [&](Fetched&& fetched) -> Status {
        EXPECT_EQ(fetched.outcome, Outcome::kFetched) << fetched.reason;
        ++tally.seen[fetched.body];
        return {};
      },
      stop);
  return tally;
}

TEST(BlockingTransport, DeliversEveryObjectOnceWithAnyNumberOfThreads) {
  for (const int threads : {0, 1, 5}) {
    const auto tally = run_faulty(threads, objects("b", 300));
    ASSERT_TRUE(tally.status) << tally.status.error().message;
    EXPECT_EQ(tally.seen.size(), 300u);
    for (const auto& [name, times] : tally.seen) EXPECT_EQ(times, 1) << name;
  }
}

TEST(BlockingTransport, AClosedBucketStopsTheRun) {
  for (const int threads : {0, 5}) {
    auto refs = objects("b", 50);
    refs.push_back(object("closed", "k"));
    for (const auto& ref : objects("b", 300)) refs.push_back(ref);
    const auto tally = run_faulty(threads, refs);
    ASSERT_FALSE(tally.status);
    EXPECT_THAT(tally.status.error().message, testing::HasSubstr("test://closed/k: no"));
  }
}

/// Takes as long as a disk, and counts how many reads happen at a time.
class SlowReader : public Reader {
 public:
  explicit SlowReader(std::atomic<int>& most_at_once) : most_at_once_(most_at_once) {}
  Status open(Bucket&) override { return {}; }
  Attempt read(const Bucket&, std::string_view) const override {
    const int now = ++inside_;
    for (int most = most_at_once_; most < now && !most_at_once_.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside_;
    return {.verdict = Verdict::kFetched};
  }

 private:
  mutable std::atomic<int> inside_ = 0;
  std::atomic<int>& most_at_once_;
};

TEST(BlockingTransport, SlowReadsAreSpreadOverThreads) {
  const auto options = quick_options();
  std::atomic<int> most_at_once = 0;
  BlockingTransport transport(std::make_unique<SlowReader>(most_at_once), {.threads_when_slow = 8});
  AtomicCounters counters;
  const EventFunction no_events;
  fetch::Run run(transport, options, counters, no_events);
  int given = 0, done = 0;
  const std::atomic<bool> stop = false;
  const auto status = run.go(
      [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
        if (given == 600) return Fetcher::Pull::kEnd;
        work.object = object("b", std::to_string(given++));
        return Fetcher::Pull::kWork;
      },
      [&](Fetched&&) -> Status {
        ++done;
        return {};
      },
      stop);
  EXPECT_TRUE(status);
  EXPECT_EQ(done, 600);
  EXPECT_GT(most_at_once, 4);
}

}  // namespace
}  // namespace earthcatalog::fetch
