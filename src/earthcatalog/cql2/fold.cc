#include "earthcatalog/cql2/fold.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "earthcatalog/cql2/fold_tables.h"

namespace earthcatalog::cql2 {
namespace {

using Table = std::unordered_map<std::string_view, std::string_view>;

// The bytes of the character that begins here, in UTF-8.
std::size_t character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

template <class Visit>
void for_each_word(std::string_view words, Visit visit) {
  for (std::size_t begin = 0; begin < words.size();) {
    const auto end = words.find(' ', begin);
    const auto word = words.substr(begin, end - begin);
    visit(word.substr(0, character(word)), word.substr(character(word)));
    begin = end + 1;
  }
}

Table read(std::string_view words) {
  Table table;
  for_each_word(words, [&](auto from, auto to) { table.emplace(from, to); });
  return table;
}

// UTF-8 sorts as the characters do.
bool is_mark(std::string_view one) {
  static const auto ranges = [] {
    std::vector<std::pair<std::string_view, std::string_view>> all;
    for_each_word(kMarks, [&](auto first, auto last) { all.emplace_back(first, last); });
    return all;
  }();
  const auto after = std::ranges::upper_bound(ranges, one, {}, &std::pair<std::string_view, std::string_view>::first);
  return after != ranges.begin() && one <= std::prev(after)->second;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// `keep` says what becomes of a character that the table does not have.
template <class Keep>
std::string mapped(std::string_view text, const Table& table, Keep keep) {
  std::string out;
  while (!text.empty()) {
    const auto one = text.substr(0, character(text));
    const auto known = table.find(one);
    if (known != table.end()) {
      out += known->second;
    } else {
      keep(one, out);
    }
    text.remove_prefix(one.size());
  }
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string without_case(std::string_view text) {
  static const Table folding = read(kCaseFolding);
  return mapped(text, folding, [](std::string_view one, std::string& out) {
    for (const char c : one) out += lower(c);
  });
}

std::string without_accents(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  static const Table bare = read(kWithoutMarks);
  return mapped(text, bare, [](std::string_view one, std::string& out) {
    if (!is_mark(one)) out += one;
  });
}

// Goes back to the last "%" when it comes to a stand.
bool is_like(std::string_view text, std::string_view pattern) {
  std::string_view after_any, text_at_any;
  bool any = false;
  while (!text.empty() || !pattern.empty()) {
    if (pattern.starts_with('%')) {
      pattern.remove_prefix(1);
      any = true, after_any = pattern, text_at_any = text;
      continue;
    }
    const bool escaped = pattern.size() > 1 && pattern[0] == '\\';
    const auto wanted = escaped ? pattern.substr(1) : pattern;
    if (!text.empty() && !wanted.empty() && !escaped && wanted[0] == '_') {
      pattern.remove_prefix(1);
      text.remove_prefix(character(text));
    } else if (!text.empty() && !wanted.empty() && text[0] == wanted[0]) {
      pattern.remove_prefix(escaped ? 2 : 1);
      text.remove_prefix(1);
    } else if (any && !text_at_any.empty()) {
      text_at_any.remove_prefix(character(text_at_any));
      text = text_at_any, pattern = after_any;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace earthcatalog::cql2
