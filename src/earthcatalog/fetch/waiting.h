// Tells whoever shows a run's progress, on another thread, for which objects it waits.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/fetch/attempt.h"
#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

/// Thread-safe.
class WaitingBoard {
 public:
  /// `waiting.seconds` counts from now to `next`.
  void put(RetryWait waiting, SteadyTime next) {
    const MutexLock lock(mutex_);
    waiting_ = std::move(waiting);
    next_ = next;
  }
  void clear() {
    const MutexLock lock(mutex_);
    waiting_.reset();
  }
  std::optional<RetryWait> get() const {
    const MutexLock lock(mutex_);
    auto result = waiting_;
    if (result) result->seconds = std::max(0.0, std::chrono::duration<double>(next_ - SteadyClock::now()).count());
    return result;
  }

 private:
  mutable Mutex mutex_;
  std::optional<RetryWait> waiting_ EC_GUARDED_BY(mutex_);
  SteadyTime next_ EC_GUARDED_BY(mutex_){};
};

}  // namespace earthcatalog::fetch
