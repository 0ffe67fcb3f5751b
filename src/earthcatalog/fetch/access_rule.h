// Ends a run that had access before when refusals (403) come: at 1,000 of them, or at 1 %.
#pragma once

#include <cstdint>

namespace earthcatalog::fetch {

class AccessRule {
 public:
  void on_decided() { ++decided_; }
  void on_refused() { ++refused_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t decided() const { return decided_; }

  /// 1 % of the objects decided so far. Of fewer than a hundred there is none, and a few that are missing (which S3
  /// does not tell everybody) are no matter of access: each run on the same objects would stop at them.
  bool is_broken() const {
    constexpr std::uint64_t kMost = 1000, kFewestDecided = 100, kFewestRefused = 10;
    return refused_ >= kMost ||
           (decided_ >= kFewestDecided && refused_ >= kFewestRefused && refused_ * 100 >= decided_);
  }

 private:
  std::uint64_t decided_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace earthcatalog::fetch
