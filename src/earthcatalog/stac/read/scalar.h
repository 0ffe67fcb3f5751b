// JSON scalars to column values, by the rules of docs/format/items.md.
#pragma once

#include <optional>
#include <string_view>

#include "earthcatalog/base/time.h"
#include "earthcatalog/stac/read/column_buffer.h"

namespace earthcatalog::stac {

/// Tells how well a column holds a value.
enum class Fit : std::uint8_t {
  kExact,        ///< the column alone gives it back
  kApproximate,  ///< the column has a value that is good to search by; the original must be kept besides
  kNone,         ///< nothing was stored: the original must be kept
};

/// Stores `token`, a checked JSON scalar other than null, as the next row of `column`.
Fit store_scalar(std::string_view token, ColumnBuffer& column);

struct Instant {
  TimeMicros micros = 0;
  bool exact = false;  ///< RFC 3339 with at most microseconds: the text and `micros` say the same
};

/// The instant that `text` means, where a column can hold it: UTC years 0001 to 9999.
std::optional<Instant> read_instant(std::string_view text);
/// The same of a checked JSON scalar.
std::optional<Instant> instant_of(std::string_view token);

}  // namespace earthcatalog::stac
