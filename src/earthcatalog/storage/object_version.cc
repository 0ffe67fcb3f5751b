#include "earthcatalog/storage/object_version.h"

namespace earthcatalog::storage {

bool same_modification(TimeMicros a, TimeMicros b) {
  if (a == b) return true;
  const bool whole = a % kMicrosPerSecond == 0 || b % kMicrosPerSecond == 0;
  const auto second = [](TimeMicros t) { return t / kMicrosPerSecond - (t % kMicrosPerSecond < 0 ? 1 : 0); };
  return whole && second(a) == second(b);
}

}  // namespace earthcatalog::storage
