// Limits the requests to one bucket in flight: shrinks by a factor when the server asks for fewer, grows by one
// for each round of successes (as TCP does with its window).
#pragma once

#include <algorithm>

#include "earthcatalog/fetch/attempt.h"

namespace earthcatalog::fetch {

class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(int most) : most_(most), limit_(most) {}

  int value() const { return static_cast<int>(limit_); }

  void on_success() {
    if (limit_ < most_) limit_ = std::min<double>(most_, limit_ + 1 / limit_);
  }
  /// A request that began at `started` was throttled. What was in flight when the limit last shrank was sent under the
  /// old limit, and does not shrink it again.
  void on_throttled(SteadyTime started, SteadyTime now) {
    if (started < shrunk_) return;
    limit_ = std::max(1.0, limit_ * 0.7);
    shrunk_ = now;
  }

 private:
  double most_;
  double limit_;
  SteadyTime shrunk_{};
};

}  // namespace earthcatalog::fetch
