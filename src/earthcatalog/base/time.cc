#include "earthcatalog/base/time.h"

#include <fmt/format.h>

namespace earthcatalog {
namespace {

using std::chrono::day;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

// Reads exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456": microseconds; clears `exact` when a digit beyond the sixth is not zero.
std::optional<int> take_fraction(std::string_view& text, bool& exact) {
  int micros = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) {
      micros = micros * 10 + (text.front() - '0');
    } else if (text.front() != '0') {
      exact = false;
    }
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// "Z" or "+hh:mm" to the end of the text: seconds east of UTC.
std::optional<int> take_offset(std::string_view& text) {
  if (text == "Z" || text == "z") return 0;
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  take_char(text, ':');
  const auto minutes = take_number(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const int seconds = (*hours * 60 + *minutes) * 60;
  return west ? -seconds : seconds;
}

std::optional<sys_days> take_date(std::string_view& text) {
  const auto y = take_number(text, 4);
  if (!y || !take_char(text, '-')) return std::nullopt;
  const auto m = take_number(text, 2);
  if (!m || !take_char(text, '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

}  // namespace

std::optional<ParsedTime> parse_time(std::string_view text) {
  ParsedTime result;
  result.exact = true;
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  const TimeMicros midnight = date->time_since_epoch().count() * std::int64_t{86'400} * kMicrosPerSecond;
  if (text.empty()) {
    return ParsedTime{.micros = midnight, .exact = false, .has_offset = false, .date_only = true};
  }
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take_char(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  if (*second == 60) result.exact = false;
  int fraction = 0;
  if (take_char(text, '.')) {
    const auto micros = take_fraction(text, result.exact);
    if (!micros) return std::nullopt;
    fraction = *micros;
  }
  int offset = 0;
  if (text.empty()) {
    result.exact = false;
  } else {
    const auto seconds = take_offset(text);
    if (!seconds) return std::nullopt;
    offset = *seconds;
    result.has_offset = true;
  }
  result.micros = midnight + ((*hour * 60 + *minute) * 60 + *second - offset) * kMicrosPerSecond + fraction;
  return result;
}

std::string format_time(TimeMicros micros) {
  const std::chrono::sys_time<microseconds> instant{microseconds{micros}};
  const auto date_point = floor<std::chrono::days>(instant);
  const year_month_day date{date_point};
  const std::chrono::hh_mm_ss time{instant - date_point};
  const int y = static_cast<int>(date.year());
  std::string text = y < 0 || y > 9999 ? fmt::format("{:+07}", y) : fmt::format("{:04}", y);
  text += fmt::format("-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                      time.seconds().count());
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  text += 'Z';
  return text;
}

int utc_year(TimeMicros micros) {
  const std::chrono::sys_time<microseconds> instant{microseconds{micros}};
  return static_cast<int>(year_month_day{floor<std::chrono::days>(instant)}.year());
}

TimeMicros system_now() {
  return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace earthcatalog
