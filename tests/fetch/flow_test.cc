// Pulling, pushing back, memory, stopping, and how concurrency adapts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;

const ScriptReply kFound{.body = "{}"};

TEST(Flow, NothingToDo) {
  const auto outcomes = fetch_all({}, quick_options(), {});
  EXPECT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.counters.requests, 0u);
}

TEST(Flow, TagComesBack) {
  ScriptServer server([](const ScriptRequest&) { return kFound; });
  const auto refs = objects("b", 30);
  const auto outcomes = fetch_all(settings_for(server), quick_options(), refs);
  for (std::size_t i = 0; i < refs.size(); ++i) EXPECT_EQ(outcomes.at("b/" + refs[i].key).tag, i);
}

TEST(Flow, ConcurrencyIsReachedAndNotExceeded) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = "{}", .delay = milliseconds(50)}; });
  auto options = quick_options();
  options.concurrency = 24;
  EXPECT_EQ(fetch_all(settings_for(server), options, objects("b", 300)).count(Outcome::kFetched), 300);
  EXPECT_GT(server.most_at_once(), 16);
  EXPECT_LE(server.most_at_once(), 24);
}

TEST(Flow, ConcurrencyShrinksWhenThrottledAndGrowsBack) {
  // A server that takes four requests at a time.
  std::atomic<int> inside = 0;
  std::atomic<bool> strict = true;
  ScriptServer server([&](const ScriptRequest&) {
    static Clock::time_point window;
    const auto now = Clock::now();
    if (now - window > milliseconds(20)) {
      window = now;
      inside = 0;
    }
    if (strict && ++inside > 4) return ScriptReply{.status = 503, .body = s3_error_body("SlowDown")};
    return kFound;
  });
  storage::Stores stores(settings_for(server));
  auto options = quick_options();
  options.concurrency = 64;
  options.give_up_seconds = 30;
  Fetcher fetcher(stores, options);
  EXPECT_EQ(fetcher.counters().concurrency, 64);
  auto outcomes = fetch_all(fetcher, objects("b", 200));
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 200);
  EXPECT_LT(outcomes.counters.concurrency, 32);
  EXPECT_GT(outcomes.counters.retries, 0u);
  strict = false;
  outcomes = fetch_all(fetcher, objects("b", 4000));
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 4000);
  EXPECT_EQ(outcomes.counters.concurrency, 64);
}

TEST(Flow, AThrottledBucketDoesNotSlowTheOthers) {
  auto last_good = Clock::now();
  ScriptServer server([&](const ScriptRequest& request) {
    if (request.path.starts_with("/bad/")) return ScriptReply{.status = 503};
    last_good = Clock::now();
    return ScriptReply{.body = "{}", .delay = milliseconds(5)};
  });
  std::vector<storage::ObjectRef> refs;
  for (int i = 0; i < 400; ++i) refs.push_back(object(i % 2 == 0 ? "bad" : "good", "k" + std::to_string(i)));
  auto options = quick_options();
  options.give_up_seconds = 6;
  const auto start = Clock::now();
  const auto outcomes = fetch_all(settings_for(server), options, refs);
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 200);
  EXPECT_EQ(outcomes.count(Outcome::kPending), 200);
  EXPECT_LT(last_good - start, milliseconds(5500));
}

// The most memory that this process had allocated at any time that an object was handed out, less what it had before.
std::int64_t most_allocated(const ScriptServer& server, const FetchOptions& options, int count, std::size_t size) {
  const auto allocated = [] {
    const auto info = ::mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
  };
  const auto before = allocated();
  std::int64_t most = 0;
  int given = 0;
  storage::Stores stores(settings_for(server));
  Fetcher fetcher(stores, options);
  const std::atomic<bool> stop = false;
  const auto status = fetcher.run(
      [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
        if (given == count) return Fetcher::Pull::kEnd;
        work.object = object("b", std::to_string(given++));
        return Fetcher::Pull::kWork;
      },
      [&](Fetched&& fetched) -> Status {
        EXPECT_EQ(fetched.body.size(), size);
        most = std::max(most, allocated() - before);
        return {};
      },
      stop);
  EXPECT_TRUE(status);
  return most;
}

TEST(Flow, BodiesInFlightStayWithinTheirMemory) {
  constexpr std::int64_t kMB = 1'000'000;
  for (const bool chunked : {false, true}) {
    ScriptServer server([&](const ScriptRequest&) {
      return ScriptReply{.body = std::string(20'000, 'x'), .repeat = 200, .chunked = chunked};
    });
    auto options = quick_options();  // 16 objects of 4 MB at a time
    options.max_object_bytes = 4 * kMB;
    options.max_bytes_in_flight = 9 * kMB;
    EXPECT_LT(most_allocated(server, options, 30, 4 * kMB), (8 + 4 + 2) * kMB) << chunked;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they count nothing
    options.max_bytes_in_flight = 1000 * kMB;
    EXPECT_GT(most_allocated(server, options, 30, 4 * kMB), 20 * kMB) << chunked;
#endif
  }
}

TEST(Flow, ObjectLargerThanMemoryPassesAlone) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = std::string(500'000, 'x')}; });
  auto options = quick_options();
  options.max_bytes_in_flight = 1000;
  EXPECT_EQ(fetch_all(settings_for(server), options, objects("b", 5)).count(Outcome::kFetched), 5);
}

TEST(Flow, PushBackIsHonouredAndAskedAgain) {
  ScriptServer server([](const ScriptRequest&) { return kFound; });
  storage::Stores stores(settings_for(server));
  Fetcher fetcher(stores, quick_options());
  int given = 0, taken = 0, done_count = 0, waits = 0;
  const auto next = [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
    if (given == 40) return Fetcher::Pull::kEnd;
    if (given - taken == 4) {  // the caller takes what it was handed only after a while
      if (++waits % 3 == 0) taken = done_count;
      return Fetcher::Pull::kWait;
    }
    work.object = object("b", std::to_string(given++));
    return Fetcher::Pull::kWork;
  };
  const std::atomic<bool> stop = false;
  const auto status = fetcher.run(
      next,
      [&](Fetched&&) -> Status {
        ++done_count;
        return {};
      },
      stop);
  EXPECT_TRUE(status);
  EXPECT_EQ(done_count, 40);
  EXPECT_LE(server.most_at_once(), 4);
}

TEST(Flow, StopEndsTheRunPromptly) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = "{}", .delay = milliseconds(20000)}; });
  storage::Stores stores(settings_for(server));
  Fetcher fetcher(stores, quick_options());
  std::atomic<bool> stop = false;
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop = true;
  });
  const auto start = Clock::now();
  const auto status = fetcher.run(
      [](Fetcher::Work& work) -> Result<Fetcher::Pull> {
        work.object = object("b", "k");
        return Fetcher::Pull::kWork;
      },
      [](Fetched&&) -> Status { return {}; }, stop);
  EXPECT_LT(Clock::now() - start, milliseconds(5000));
  stopper.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kCancelled);
}

TEST(Flow, ErrorsOfTheCallerEndTheRun) {
  ScriptServer server([](const ScriptRequest&) { return kFound; });
  storage::Stores stores(settings_for(server));
  Fetcher fetcher(stores, quick_options());
  const std::atomic<bool> stop = false;
  const auto always = [](Fetcher::Work& work) -> Result<Fetcher::Pull> {
    work.object = object("b", "k");
    return Fetcher::Pull::kWork;
  };
  auto status = fetcher.run(always, [](Fetched&&) -> Status { return fail(ErrorKind::kIOError, "disk full"); }, stop);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "disk full");
  status = fetcher.run([](Fetcher::Work&) -> Result<Fetcher::Pull> { return fail(ErrorKind::kInvalidData, "row 7"); },
                       [](Fetched&&) -> Status { return {}; }, stop);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "row 7");
  EXPECT_EQ(fetch_all(fetcher, objects("b", 20)).count(Outcome::kFetched), 20);
}

}  // namespace
}  // namespace earthcatalog::fetch
