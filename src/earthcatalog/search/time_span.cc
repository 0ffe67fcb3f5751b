#include "earthcatalog/search/time_span.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace earthcatalog::search {
namespace {

constexpr TimeMicros kMicrosPerDay = 86'400 * kMicrosPerSecond;

TimeMicros midnight(std::chrono::year_month_day day) {
  return std::chrono::sys_days(day).time_since_epoch().count() * kMicrosPerDay;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = 10 * value + (c - '0');
  return value;
}

// "2020" and "2020-03".
std::optional<TimeSpan> parse_year_or_month(std::string_view text) {
  using namespace std::chrono;
  const auto year_text = text.substr(0, 4), month_text = text.size() == 7 ? text.substr(5) : std::string_view();
  if (year_text.size() < 4 || !is_digits(year_text)) return std::nullopt;
  const year first(number(year_text));
  if (text.size() == 4) return TimeSpan{midnight(first / January / 1), midnight((first + years(1)) / January / 1)};
  if (text.size() != 7 || text[4] != '-' || !is_digits(month_text)) return std::nullopt;
  const auto begin = first / month(static_cast<unsigned>(number(month_text)));
  if (!begin.ok()) return std::nullopt;
  return TimeSpan{midnight(begin / 1), midnight((begin + months(1)) / 1)};
}

Result<TimeSpan> parse_part(std::string_view text) {
  if (const auto span = parse_year_or_month(text)) return *span;
  const auto time = parse_time(text);
  if (!time) {
    return fail(ErrorKind::kInvalidArgument,
                "`datetime`: \"{}\" is no time; write 2020, 2020-03, 2020-03-01, 2020-03-01T12:00:00Z, or two of these "
                "with / between them, one of which may be ..",
                text);
  }
  return TimeSpan{time->micros, time->micros + (time->date_only ? kMicrosPerDay : 1)};
}

bool is_open(std::string_view text) { return text.empty() || text == ".."; }

}  // namespace

Result<TimeSpan> parse_time_span(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return parse_part(text);
  const auto from = text.substr(0, slash), to = text.substr(slash + 1);
  if (is_open(from) && is_open(to)) {
    return fail(ErrorKind::kInvalidArgument, "`datetime`: {} is open on both sides; leave it out to ask for all times",
                text);
  }
  TimeSpan span;
  if (!is_open(from)) {
    EC_ASSIGN_OR_RETURN(const auto part, parse_part(from));
    span.begin = part.begin;
  }
  if (!is_open(to)) {
    EC_ASSIGN_OR_RETURN(const auto part, parse_part(to));
    span.end = part.end;
  }
  if (span.begin && span.end && *span.begin >= *span.end) {
    return fail(ErrorKind::kInvalidArgument, "`datetime`: {} ends before it begins", text);
  }
  return span;
}

bool meets(const TimeSpan& span, TimeField field, const ItemTimes& item) {
  const bool interval = item.start && item.end;
  if (interval && (field == TimeField::kInterval || !item.datetime)) return span.meets(*item.start, *item.end);
  return item.datetime && span.holds(*item.datetime);
}

}  // namespace earthcatalog::search
