// The wait before the next try: exponential, with jitter so that thousands of objects do not come back at once.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

namespace earthcatalog::fetch {

class Backoff {
 public:
  Backoff(double base_seconds, std::uint64_t seed) : base_seconds_(base_seconds), random_(seed) {}

  /// Seconds to wait after the `tries`-th failure: between half of base * 2^(tries - 1) and all of it, at most 30 s.
  /// A server's Retry-After is never undercut.
  double seconds(int tries, std::optional<double> retry_after_seconds);

 private:
  double base_seconds_;
  std::mt19937_64 random_;
};

}  // namespace earthcatalog::fetch
