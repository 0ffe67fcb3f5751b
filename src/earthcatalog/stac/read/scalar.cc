#include "earthcatalog/stac/read/scalar.h"

#include <chrono>

#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/number.h"

namespace earthcatalog::stac {
namespace {

// 0001-01-01 and 10000-01-01: what Python's datetime, and so PyIceberg, can show.
constexpr TimeMicros kFirst =
    std::chrono::sys_days{std::chrono::year{1} / 1 / 1}.time_since_epoch().count() * 86'400 * kMicrosPerSecond;
constexpr TimeMicros kEnd =
    std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}.time_since_epoch().count() * 86'400 * kMicrosPerSecond;

// parse_time also reads what RFC 3339 does not have; of that, these leave no other trace.
bool is_rfc3339(std::string_view text) {
  const bool zulu = text.back() == 'Z' || text.back() == 'z';
  return (text[10] == 'T' || text[10] == 't') && (zulu || text[text.size() - 3] == ':');
}

bool is_string(std::string_view token) { return token.front() == '"'; }
std::string_view inside_quotes(std::string_view token) { return token.substr(1, token.size() - 2); }

Fit store_text(std::string_view token, ColumnBuffer& column) {
  if (!is_string(token)) return Fit::kNone;
  append_decoded(inside_quotes(token), column.text());
  column.end_text();
  return Fit::kExact;
}

Fit store_boolean(std::string_view token, ColumnBuffer& column) {
  if (token != "true" && token != "false") return Fit::kNone;
  column.append_bool(token == "true");
  return Fit::kExact;
}

Fit store_long(std::string_view token, ColumnBuffer& column) {
  const auto whole = read_number(token).whole();
  if (!whole) return Fit::kNone;
  column.append_long(*whole);
  return Fit::kExact;
}

Fit store_double(std::string_view token, ColumnBuffer& column) {
  const Number number = read_number(token);
  if (!number.exact_in_double()) return Fit::kNone;
  column.append_double(number.real);
  return Fit::kExact;
}

Fit store_timestamp(std::string_view token, ColumnBuffer& column) {
  const auto instant = instant_of(token);
  if (!instant) return Fit::kNone;
  column.append_long(instant->micros);
  return instant->exact ? Fit::kExact : Fit::kApproximate;
}

}  // namespace

std::optional<Instant> instant_of(std::string_view token) {
  if (!is_string(token)) return std::nullopt;
  const std::string_view raw = inside_quotes(token);
  return has_escape(raw) ? read_instant(decoded(raw)) : read_instant(raw);
}

std::optional<Instant> read_instant(std::string_view text) {
  const auto parsed = parse_time(text);
  if (!parsed || parsed->micros < kFirst || parsed->micros >= kEnd) return std::nullopt;
  return Instant{.micros = parsed->micros, .exact = parsed->exact && parsed->has_offset && is_rfc3339(text)};
}

Fit store_scalar(std::string_view token, ColumnBuffer& column) {
  switch (column.type()) {
    case ColumnType::kString:
      return store_text(token, column);
    case ColumnType::kBoolean:
      return store_boolean(token, column);
    case ColumnType::kLong:
      return store_long(token, column);
    case ColumnType::kDouble:
      return store_double(token, column);
    case ColumnType::kTimestamp:
      return store_timestamp(token, column);
    case ColumnType::kBinary:
    case ColumnType::kBbox:
      break;
  }
  return Fit::kNone;
}

}  // namespace earthcatalog::stac
