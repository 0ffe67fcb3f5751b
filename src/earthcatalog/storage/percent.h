// Percent-encoding (RFC 3986) of keys, query arguments and file URIs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::storage {

enum class Slash { kKeep, kEncode };

/// Every byte but A-Z a-z 0-9 - . _ ~ (and '/', if kept) as %XX with upper-case digits: what AWS signs.
std::string percent_encode(std::string_view text, Slash slash);

enum class Plus { kLiteral, kSpace };

/// The bytes again; nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::kLiteral);

}  // namespace earthcatalog::storage
