#include "earthcatalog/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

class WakeAt : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(BoundedQueue, WakeAt, testing::Values(1, 4, 100));

TEST_P(WakeAt, DeliversEveryValueOnceWithAnyNumberOfThreads) {
  constexpr int kValues = 20'000;
  BoundedQueue<int> queue(7, GetParam());
  std::atomic<std::int64_t> sum{0}, count{0};
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.emplace_back([&] {
        while (const auto value = queue.pop()) {
          sum += *value;
          ++count;
        }
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < 2; ++p) {
        producers.emplace_back([&queue, p] {
          for (int i = p; i < kValues; i += 2) ASSERT_TRUE(queue.push(i));
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(count, kValues);
  EXPECT_EQ(sum, std::int64_t{kValues} * (kValues - 1) / 2);
}

TEST(BoundedQueue, CloseWakesAProducerThatWaitsForRoom) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(1));
  std::atomic<bool> accepted{true};
  {
    const std::jthread producer([&] { accepted = queue.push(2); });
    queue.close();
  }
  EXPECT_FALSE(accepted);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog
