// What Unicode says of characters beyond ASCII, as UTF-8 words by spaces. Internal to the module.
#pragma once

#include <string_view>

namespace earthcatalog::cql2 {

extern const std::string_view kCaseFolding;   ///< each a character and what stands for it without case
extern const std::string_view kWithoutMarks;  ///< each a character and what is left of it without its marks
extern const std::string_view kMarks;         ///< each the first and the last character of a range of marks

}  // namespace earthcatalog::cql2
