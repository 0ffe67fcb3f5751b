#include <charconv>

#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr Unit kUnits[] = {{"d", 86'400}, {"h", 3'600}, {"min", 60}, {"m", 60}, {"s", 1}, {"w", 604'800}};

// "2d" as microseconds; nothing when the text is no such thing.
std::optional<TimeMicros> parse_span(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  for (const Unit& known : kUnits) {
    TimeMicros span;
    if (unit == known.name && !__builtin_mul_overflow(count, known.seconds * kMicrosPerSecond, &span)) return span;
  }
  return std::nullopt;
}

}  // namespace

Result<TimeMicros> parse_since(std::string_view text, TimeMicros now) {
  if (const auto time = parse_time(text)) return time->micros;
  if (const auto span = parse_span(text)) {
    TimeMicros since;
    if (!__builtin_sub_overflow(now, *span, &since)) return since;
  }
  return fail(ErrorKind::kInvalidArgument,
              "'{}' is no time; expected a date (2026-01-31), an RFC 3339 instant (2026-01-31T12:00:00Z) or a span "
              "before now (2d, 12h, 30min)",
              text);
}

}  // namespace earthcatalog::inventory
