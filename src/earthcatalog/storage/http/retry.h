// The wait before the same request is tried again.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "earthcatalog/base/parallel.h"

namespace earthcatalog::storage {

struct RetryPolicy {
  double base_seconds = 0.5;  ///< first delay; doubles, with jitter
  double longest_seconds = 20;
  double give_up_seconds = 180;  ///< of waiting in all
  int unreachable_tries = 3;     ///< where nobody has ever answered, most likely the address is wrong
  std::function<void(double seconds)> sleep = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
};

/// The delays of one request.
class Backoff {
 public:
  explicit Backoff(const RetryPolicy& policy) : policy_(policy) {}

  /// Seconds until the next try; nothing when patience has run out. `asked` is what the server's Retry-After says.
  std::optional<double> next_delay(std::optional<double> asked = {}) {
    double delay = std::min(policy_.longest_seconds, next_) * std::uniform_real_distribution(0.5, 1.0)(random_);
    next_ *= 2;
    delay = std::max(delay, asked.value_or(0));
    if (waited_ + delay > policy_.give_up_seconds) return std::nullopt;
    waited_ += delay;
    return delay;
  }

  void sleep(double seconds) const {
    const Waiting waiting;
    policy_.sleep(seconds);
  }

 private:
  const RetryPolicy& policy_;
  double next_ = policy_.base_seconds;
  double waited_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace earthcatalog::storage
