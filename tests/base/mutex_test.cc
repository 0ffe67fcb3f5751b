#include "earthcatalog/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Asked from another thread: a thread that holds a mutex must not try to take it.
bool is_free(Mutex& mutex) {
  bool free = false;
  std::thread([&] {
    if (!mutex.try_lock()) return;
    free = true;
    mutex.unlock();
  }).join();
  return free;
}

TEST(MutexLock, HoldsTheMutexButBetweenUnlockAndLock) {
  Mutex mutex;
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(is_free(mutex));
    lock.unlock();
    EXPECT_TRUE(is_free(mutex));
    lock.lock();
    EXPECT_FALSE(is_free(mutex));
  }
  EXPECT_TRUE(is_free(mutex));
}

TEST(MutexLock, TakesOverAMutexThatIsHeld) {
  Mutex mutex;
  mutex.lock();
  {
    const MutexLock lock(mutex, std::adopt_lock);
    EXPECT_FALSE(is_free(mutex));
  }
  EXPECT_TRUE(is_free(mutex));
}

TEST(CondVar, WaitGivesTheMutexBackAndHoldsItAfterwards) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::jthread other([&] {
    const MutexLock lock(mutex);
    ready = true;
    changed.notify_all();
  });
  const MutexLock lock(mutex);
  while (!ready) changed.wait(mutex);
  EXPECT_FALSE(is_free(mutex));
}

TEST(CondVar, WaitUntilReturnsFalseOnceTheTimeHasPassed) {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(mutex);
  const auto until = steady_clock::now() + milliseconds(20);
  while (changed.wait_until(mutex, until)) {
  }
  EXPECT_GE(steady_clock::now(), until);
  EXPECT_FALSE(is_free(mutex));
}

}  // namespace
}  // namespace earthcatalog
