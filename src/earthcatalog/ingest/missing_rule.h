// Judges when objects that are in the list but not in the bucket fail a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::ingest {

/// A run that was asked for objects and found none of them fails in any case.
struct MissingRule {
  std::optional<std::int64_t> most;  ///< objects that may be missing
  std::optional<double> most_share;  ///< of those asked for, from 0 to 1
};

/// Counts of a run that went through its whole list.
struct MissingCounts {
  std::int64_t asked = 0;    ///< objects of the list
  std::int64_t missing = 0;  ///< of these: not in the bucket
  std::int64_t pending = 0;  ///< of these: neither found nor known to be missing
  std::string first;         ///< URI of a missing one
};

/// kNotFound when none was found, or more are missing than `rule` allows.
Status check_missing(const MissingCounts& counts, const MissingRule& rule);

}  // namespace earthcatalog::ingest
