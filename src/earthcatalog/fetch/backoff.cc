#include "earthcatalog/fetch/backoff.h"

#include <algorithm>
#include <cmath>

namespace earthcatalog::fetch {
namespace {
constexpr double kMostSeconds = 30;
}

double Backoff::seconds(int tries, std::optional<double> retry_after_seconds) {
  const double whole = std::min(kMostSeconds, std::ldexp(base_seconds_, std::clamp(tries - 1, 0, 60)));
  const double share = std::uniform_real_distribution<double>(0.5, 1)(random_);
  if (!retry_after_seconds) return whole * share;
  return *retry_after_seconds + base_seconds_ * (share - 0.5);
}

}  // namespace earthcatalog::fetch
