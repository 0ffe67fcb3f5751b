#include "earthcatalog/config/units.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace earthcatalog::config {
namespace {

// "12.5 MiB" -> 12.5 and "mib".
Result<std::pair<double, std::string>> split_unit(const std::string& text, const char* what) {
  double number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || !(number >= 0) || !std::isfinite(number)) {
    return fail(ErrorKind::kInvalidArgument, "'{}' is no {}", text, what);
  }
  std::string unit;
  for (const char* c = rest; c != end; ++c) {
    if (*c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  }
  return std::pair{number, unit};
}

Result<double> with_unit(const std::string& text, const char* what, const std::map<std::string, double>& units) {
  EC_ASSIGN_OR_RETURN(const auto number_unit, split_unit(text, what));
  const auto unit = units.find(number_unit.second);
  if (unit == units.end())
    return fail(ErrorKind::kInvalidArgument, "'{}' is no {}: unknown unit '{}'", text, what, number_unit.second);
  return number_unit.first * unit->second;
}

}  // namespace

Result<std::int64_t> parse_bytes(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"", 1},         {"b", 1},      {"k", 0x1p10},   {"kib", 0x1p10}, {"m", 0x1p20}, {"mib", 0x1p20}, {"g", 0x1p30},
      {"gib", 0x1p30}, {"t", 0x1p40}, {"tib", 0x1p40}, {"kb", 1e3},     {"mb", 1e6},   {"gb", 1e9},     {"tb", 1e12}};
  EC_ASSIGN_OR_RETURN(const double bytes, with_unit(text, "size (e.g. 768MiB)", kUnits));
  if (bytes > 0x1p62) return fail(ErrorKind::kInvalidArgument, "'{}' is too large", text);
  return static_cast<std::int64_t>(bytes);
}

Result<double> parse_duration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {{"", 1},      {"ms", 1e-3},  {"s", 1},    {"sec", 1},
                                                       {"m", 60},    {"min", 60},   {"h", 3600}, {"hour", 3600},
                                                       {"d", 86400}, {"day", 86400}};
  return with_unit(text, "duration (e.g. 15min)", kUnits);
}

Result<double> parse_share(const std::string& text) {
  EC_ASSIGN_OR_RETURN(const double share, with_unit(text, "share (e.g. 1%)", {{"", 1}, {"%", 0.01}}));
  if (share > 1) return fail(ErrorKind::kInvalidArgument, "'{}' is more than all", text);
  return share;
}

}  // namespace earthcatalog::config
