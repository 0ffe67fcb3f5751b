// Work done by many threads, handed on in order. Internal to the module.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::generate {

/// Calls `make(n)` for each n in [0, count) on `threads` threads, and `take` with the results in the order of n, one at
/// a time, on whichever thread has the next. No thread runs more than 8 results a thread ahead of `take`. The first
/// error ends it all and is returned.
template <class T>
Status in_order(std::int64_t count, int threads, const std::function<Result<T>(std::int64_t)>& make,
                const std::function<Status(T)>& take) {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::int64_t, T> waiting;
  std::int64_t started = 0, taken = 0;
  bool taking = false;
  Status status;

  const auto stop = [&](Error error) {  // with the mutex held
    if (status) status = std::unexpected(std::move(error));
    changed.notify_all();
  };
  const auto drain = [&](std::unique_lock<std::mutex>& lock) {
    if (taking) return;
    taking = true;
    for (auto next = waiting.find(taken); next != waiting.end() && status; next = waiting.find(taken)) {
      T result = std::move(next->second);
      waiting.erase(next);
      lock.unlock();
      Status took = take(std::move(result));
      lock.lock();
      if (!took) stop(std::move(took.error()));
      ++taken;
      changed.notify_all();
    }
    taking = false;
  };
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (status && started < count) {
      const std::int64_t n = started++;
      changed.wait(lock, [&] { return !status || n < taken + 8 * threads; });
      if (!status) return;
      lock.unlock();
      Result<T> made = make(n);
      lock.lock();
      if (!made) return stop(std::move(made.error()));
      waiting.emplace(n, *std::move(made));
      drain(lock);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  return status;
}

}  // namespace earthcatalog::generate
