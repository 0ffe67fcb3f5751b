// The memory set aside for bodies in flight.
#pragma once

#include <cstdint>

namespace earthcatalog::fetch {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// Returns true when `bytes` may be taken. The first taker always gets them, so that an object larger than all of the
  /// budget comes through, alone.
  bool fits(std::int64_t bytes) const { return held_bytes_ == 0 || held_bytes_ + bytes <= most_bytes_; }
  bool take(std::int64_t bytes) {
    if (!fits(bytes)) return false;
    held_bytes_ += bytes;
    return true;
  }
  void give_back(std::int64_t bytes) { held_bytes_ -= bytes; }
  bool has_room() const { return held_bytes_ < most_bytes_; }

 private:
  std::int64_t most_bytes_;
  std::int64_t held_bytes_ = 0;
};

}  // namespace earthcatalog::fetch
