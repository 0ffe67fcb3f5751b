#include "earthcatalog/config/nearest.h"

#include <fmt/format.h>

#include <algorithm>

namespace earthcatalog::config {
namespace {

// Optimal string alignment: Levenshtein's distance, where two neighbours swapped count once.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> of(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        of[i][j] = i + j;
        continue;
      }
      const std::size_t change = of[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      of[i][j] = std::min({change, of[i - 1][j] + 1, of[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        of[i][j] = std::min(of[i][j], of[i - 2][j - 2] + 1);
      }
    }
  }
  return of[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongest = 100;
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  const std::size_t most = std::min(word.size() - 1, std::max<std::size_t>(2, word.size() / 3));
  std::optional<std::string> best;
  std::size_t best_distance = most + 1;
  for (const auto& name : names) {
    const auto far = distance(word, name);
    if (far < best_distance) {
      best = name;
      best_distance = far;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const auto found = nearest(word, names);
  return found ? fmt::format("; did you mean {}?", *found) : std::string();
}

}  // namespace earthcatalog::config
