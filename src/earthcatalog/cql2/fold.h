// Texts without case or accents, and the patterns of LIKE. Internal to the module.
#pragma once

#include <string>
#include <string_view>

namespace earthcatalog::cql2 {

/// Returns the text without case, by Unicode's full case folding; bytes that are no UTF-8 stay.
std::string without_case(std::string_view text);
/// Returns the text without its combining marks, by Unicode's canonical decomposition.
std::string without_accents(std::string_view text);

/// Returns whether the whole text has the form of `pattern`: "%" stands for any characters, "_" for one; a backslash
/// takes the next character as it is.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace earthcatalog::cql2
