// The same work on many inputs, by a few threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::pipeline {

/// Calls `work(i)` for every i in [0, count) on at most `workers` threads, in no order. The first error ends it: no
/// new i is begun, and the error is returned when all threads have come back.
inline Status parallel_for(std::size_t count, std::size_t workers, const std::function<Status(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Status outcome;
  const auto loop = [&] {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      if (auto status = work(i); !status) {
        next.store(count);
        const std::lock_guard lock(mutex);
        if (outcome) outcome = std::move(status);
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(workers, count); ++i) threads.emplace_back(loop);
  loop();
  threads.clear();  // joins
  return outcome;
}

}  // namespace earthcatalog::pipeline
