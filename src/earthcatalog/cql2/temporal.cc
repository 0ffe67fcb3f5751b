#include "earthcatalog/cql2/temporal.h"

#include <utility>

namespace earthcatalog::cql2 {
namespace {

// Dates meet on the day itself.
bool meet(const Times& a, const Times& b) { return a.last == b.first || a.last_begins == b.first; }
bool before(const Times& a, const Times& b) { return a.last < b.first; }
bool overlap(const Times& a, const Times& b) { return a.first < b.first && a.last > b.first && a.last < b.last; }
bool contain(const Times& a, const Times& b) { return a.first < b.first && a.last > b.last; }
bool start(const Times& a, const Times& b) { return a.first == b.first && a.last < b.last; }
bool finish(const Times& a, const Times& b) { return a.last == b.last && a.first > b.first; }

}  // namespace

bool related(std::string_view operation, const Times& a, const Times& b) {
  using Test = bool (*)(const Times&, const Times&);
  static constexpr std::pair<std::string_view, Test> kTests[] = {
      {"t_after", [](const Times& x, const Times& y) { return before(y, x); }},
      {"t_before", before},
      {"t_contains", contain},
      {"t_disjoint", [](const Times& x, const Times& y) { return before(x, y) || before(y, x); }},
      {"t_during", [](const Times& x, const Times& y) { return contain(y, x); }},
      {"t_equals", [](const Times& x, const Times& y) { return x.first == y.first && x.last == y.last; }},
      {"t_finishedBy", [](const Times& x, const Times& y) { return finish(y, x); }},
      {"t_finishes", finish},
      {"t_intersects", [](const Times& x, const Times& y) { return !before(x, y) && !before(y, x); }},
      {"t_meets", meet},
      {"t_metBy", [](const Times& x, const Times& y) { return meet(y, x); }},
      {"t_overlappedBy", [](const Times& x, const Times& y) { return overlap(y, x); }},
      {"t_overlaps", overlap},
      {"t_startedBy", [](const Times& x, const Times& y) { return start(y, x); }},
      {"t_starts", start},
  };
  for (const auto& [name, test] : kTests) {
    if (name == operation) return test(a, b);
  }
  return false;
}

std::optional<Times> times_of(std::string_view text) {
  constexpr TimeMicros kDay = 86'400 * kMicrosPerSecond;
  const auto time = parse_time(text);
  if (!time) return std::nullopt;
  return Times{time->micros, time->date_only ? time->micros + kDay - 1 : time->micros, time->micros};
}

}  // namespace earthcatalog::cql2
