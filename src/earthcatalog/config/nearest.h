// Finds the name that somebody meant who mistyped it.
//
//     fail(ErrorKind::kInvalidArgument, "unknown key '{}'{}", key, did_you_mean(key, known));
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace earthcatalog::config {

/// Returns the name of the fewest letters changed, left out, added or swapped with their neighbour; nothing when all
/// are too far.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

/// Returns "; did you mean X?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace earthcatalog::config
