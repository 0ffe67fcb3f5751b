// When refusals (403) end a run that had access before: at 1,000 of them, or at 1 %.
#pragma once

#include <cstdint>

namespace earthcatalog::fetch {

class AccessRule {
 public:
  void on_decided() { ++decided_; }
  void on_refused() { ++refused_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t decided() const { return decided_; }

  /// 1 % counts from 100 refusals on: a few in a small inventory are pending objects, not a reason to stop.
  bool is_broken() const {
    constexpr std::uint64_t kMost = 1000, kFewestForShare = 100;
    return refused_ >= kMost || (refused_ >= kFewestForShare && refused_ * 100 >= decided_);
  }

 private:
  std::uint64_t decided_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace earthcatalog::fetch
