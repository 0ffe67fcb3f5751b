// The temporal relations of CQL2 (OGC 21-065r2, 7.9). Internal to the module.
#pragma once

#include <optional>
#include <string_view>

#include "earthcatalog/cql2/value.h"

namespace earthcatalog::cql2 {

/// Returns whether two times are related as the operator says, one of "t_after" to "t_starts".
bool related(std::string_view operation, const Times& a, const Times& b);

/// Reads a date, whose times are the whole day, or a timestamp.
std::optional<Times> times_of(std::string_view text);

}  // namespace earthcatalog::cql2
