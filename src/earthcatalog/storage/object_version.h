// Compares two descriptions of an object's version.
#pragma once

#include "earthcatalog/base/time.h"

namespace earthcatalog::storage {

/// Returns true when two instants say the same time of last modification: equal, or equal to the second where one side
/// knows no fraction (HTTP's Last-Modified has none).
bool same_modification(TimeMicros a, TimeMicros b);

}  // namespace earthcatalog::storage
