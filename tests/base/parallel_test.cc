#include "earthcatalog/base/parallel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

// How many are inside at once, and the most that ever were.
class Gauge {
 public:
  void enter(std::int64_t amount = 1) {
    const auto now = present_ += amount;
    auto most = most_.load();
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
  }
  void leave(std::int64_t amount = 1) { present_ -= amount; }
  std::int64_t most() const { return most_; }

 private:
  std::atomic<std::int64_t> present_{0}, most_{0};
};

void pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

TEST(ParallelFor, DoesEachTaskOnce) {
  std::vector<std::atomic<int>> done(1000);
  ASSERT_TRUE(parallel_for(done.size(), {.computing = 4, .under_way = 32}, [&](std::size_t i) -> Status {
    if (i % 3 == 0) const Waiting waiting;
    ++done[i];
    return {};
  }));
  std::vector<int> times(done.begin(), done.end());
  EXPECT_THAT(times, Each(1));
}

TEST(ParallelFor, NoTasksIsSuccess) {
  EXPECT_TRUE(parallel_for(0, 4, [](std::size_t) -> Status { return fail(ErrorKind::kIOError, "no"); }));
}

TEST(ParallelFor, TasksThatWaitGiveTheirPlaceToOthers) {
  Gauge computing, under_way;
  ASSERT_TRUE(parallel_for(64, {.computing = 2, .under_way = 16}, [&](std::size_t) -> Status {
    under_way.enter();
    computing.enter();
    pause(1);
    computing.leave();
    {
      const Waiting waiting;
      for (int i = 0; i < 5000 && under_way.most() < 16; ++i) pause(1);
    }
    under_way.leave();
    return {};
  }));
  EXPECT_EQ(computing.most(), 2);
  EXPECT_EQ(under_way.most(), 16);
}

TEST(ParallelFor, StartsNoExtraThreadsWhenNoTaskWaits) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  ASSERT_TRUE(parallel_for(200, {.computing = 3, .under_way = 64}, [&](std::size_t) -> Status {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    return {};
  }));
  EXPECT_THAT(threads.size(), Le(3));
}

TEST(ParallelFor, BytesOfTasksThatWaitStayBelowTheLimit) {
  Gauge bytes;
  const auto holds = [](std::size_t i) { return static_cast<std::int64_t>(i % 7) * 100; };
  ASSERT_TRUE(parallel_for(
      60, {.computing = 1, .under_way = 60, .bytes = 1000},
      [&](std::size_t i) -> Status {
        bytes.enter(holds(i));
        {
          const Waiting waiting;
          pause(20);
        }
        bytes.leave(holds(i));
        return {};
      },
      holds));
  EXPECT_THAT(bytes.most(), Le(1000));
  EXPECT_THAT(bytes.most(), Ge(700));
}

TEST(ParallelFor, ATaskLargerThanTheLimitRunsAlone) {
  Gauge under_way;
  ASSERT_TRUE(parallel_for(
      3, {.computing = 1, .under_way = 8, .bytes = 10},
      [&](std::size_t) -> Status {
        under_way.enter();
        {
          const Waiting waiting;
          pause(10);
        }
        under_way.leave();
        return {};
      },
      [](std::size_t) { return 100; }));
  EXPECT_EQ(under_way.most(), 1);
}

TEST(ParallelFor, TheFirstErrorEndsIt) {
  std::atomic<int> begun{0};
  const auto status = parallel_for(1000, {.computing = 2, .under_way = 8}, [&](std::size_t i) -> Status {
    ++begun;
    const Waiting waiting;
    pause(1);
    return i == 5 ? Status(fail(ErrorKind::kIOError, "task {}", i)) : Status();
  });
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("task 5"));
  EXPECT_THAT(begun.load(), Le(5 + 8 * 4));
}

TEST(ParallelFor, NestedWaitsCountOnce) {
  Gauge computing;
  ASSERT_TRUE(parallel_for(32, {.computing = 1, .under_way = 4}, [&](std::size_t) -> Status {
    {
      const Waiting waiting;
      const Waiting within;
      pause(2);
    }
    const Waiting waiting;
    computing.enter();
    for (int i = 0; i < 5000 && computing.most() < 4; ++i) pause(1);
    computing.leave();
    return {};
  }));
  EXPECT_EQ(computing.most(), 4);
}

// A thread that comes back from its store may hold a lock that the computing ones wait for.
TEST(ParallelFor, WaitUnderASharedLockDoesNotHang) {
  std::mutex mutex;
  ASSERT_TRUE(parallel_for(100, {.computing = 2, .under_way = 16}, [&](std::size_t) -> Status {
    const std::lock_guard lock(mutex);
    const Waiting waiting;
    return {};
  }));
}

TEST(ParallelFor, NestedLoopHasItsOwnLimit) {
  std::atomic<int> done{0};
  ASSERT_TRUE(parallel_for(4, 2, [&](std::size_t) {
    return parallel_for(20, {.computing = 1, .under_way = 8}, [&](std::size_t) -> Status {
      const Waiting waiting;
      ++done;
      return {};
    });
  }));
  EXPECT_EQ(done.load(), 80);
}

}  // namespace
}  // namespace earthcatalog
