// Instants and their RFC 3339 spelling. An instant is a count of microseconds since 1970-01-01T00:00:00Z (proleptic
// Gregorian calendar, no leap seconds), which is what Iceberg's timestamptz and Arrow's timestamp(us, UTC) hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog {

using TimeMicros = std::int64_t;

inline constexpr TimeMicros kMicrosPerSecond = 1'000'000;

struct ParsedTime {
  TimeMicros micros = 0;
  /// False when the text has a meaning but `micros` does not give it back: more than 6 fraction digits that are not
  /// all zero, a leap second (23:59:60 counts as the next second), a date without a time (its midnight), or no offset
  /// (counts as UTC).
  bool exact = false;
  bool has_offset = false;  ///< "Z" or "+hh:mm" was there
  bool date_only = false;   ///< "2020-01-01"
};

/// Reads an RFC 3339 date-time, and what real archives hold besides: a missing offset and a date alone, both marked
/// inexact; a blank instead of "T", lower-case "t" and "z", and an offset without colon, which mean the same instant
/// and are not marked. Years 0000 to 9999, offsets up to 23:59. Anything else gives nothing.
std::optional<ParsedTime> parse_time(std::string_view text);

/// "2018-07-12T10:03:22.12Z": UTC, the fewest fraction digits that give the instant back. Years outside 0000-9999 are
/// written with a sign as ISO 8601 does.
std::string format_time(TimeMicros micros);

/// The UTC calendar year of an instant.
int utc_year(TimeMicros micros);

/// Whole years since 1970, as Iceberg's `year` transform gives it (negative before 1970).
inline int iceberg_year(TimeMicros micros) { return utc_year(micros) - 1970; }

/// The system clock. Nothing below the command line reads it otherwise: code that needs the time takes a Clock.
TimeMicros system_now();

/// A source of the current time, so that tests can move it.
using Clock = TimeMicros (*)();

}  // namespace earthcatalog
