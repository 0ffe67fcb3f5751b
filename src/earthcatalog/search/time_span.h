// The time that a search asks for: STAC's `datetime` parameter
// (https://github.com/radiantearth/stac-api-spec/blob/main/implementation.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"

namespace earthcatalog::search {

/// Instants from `begin` on and before `end`; open where there is none. At least one of them is there.
struct TimeSpan {
  std::optional<TimeMicros> begin, end;
  bool operator==(const TimeSpan&) const = default;

  bool holds(TimeMicros instant) const { return (!begin || instant >= *begin) && (!end || instant < *end); }
  /// True when the closed interval and the span share an instant.
  bool meets(TimeMicros first, TimeMicros last) const { return (!begin || last >= *begin) && (!end || first < *end); }
};

/// Reads an instant, a year, month or day ("2020", "2020-03", "2020-03-01"), or an interval of two of these, "A/B",
/// where ".." or nothing leaves an end open. A year, month or day means all of it, as an end too; an instant as an end
/// is included. A time without an offset is UTC. kInvalidArgument names the part that is no time, an interval that ends
/// before it begins, and one that is open on both sides.
Result<TimeSpan> parse_time_span(std::string_view text);

/// Which times of an item count.
enum class TimeField : std::uint8_t {
  kDatetime,  ///< its `datetime`; where that is null, the interval from `start_datetime` to `end_datetime`
  kInterval,  ///< the interval where it has one, else its `datetime`
};

struct ItemTimes {
  std::optional<TimeMicros> datetime, start, end;
};

/// Returns true when the span meets the times that count. An item without them meets no span.
bool meets(const TimeSpan& span, TimeField field, const ItemTimes& item);

}  // namespace earthcatalog::search
