#include "earthcatalog/cql2/lexer.h"

#include <fmt/format.h>

#include <algorithm>

namespace earthcatalog::cql2 {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Bytes of UTF-8 beyond ASCII are letters.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool in_name(char c) { return begins_name(c) || is_digit(c) || c == '.'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t end_of_number(std::string_view text, std::size_t at) {
  const auto digits = [&] {
    while (at < text.size() && is_digit(text[at])) ++at;
  };
  digits();
  if (at < text.size() && text[at] == '.') ++at, digits();
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    auto exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < text.size() && is_digit(text[exponent])) at = exponent, digits();
  }
  return at;
}

}  // namespace

bool Token::is_word(std::string_view upper) const {
  return kind == Kind::kName && std::ranges::equal(text, upper, {}, [](char c) {
           return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
         });
}

Result<Token> Lexer::read(std::size_t offset) const {
  while (offset < text_.size() && is_space(text_[offset])) ++offset;
  Token token{.kind = Token::Kind::kEnd, .text = {}, .offset = offset, .end = offset};
  if (offset == text_.size()) return token;
  const char first = text_[offset];
  const auto rest = text_.substr(offset);
  std::size_t end = offset + 1;
  if (first == '\'' || first == '"') return read_quoted(offset, first);
  if (begins_name(first)) {
    token.kind = Token::Kind::kName;
    while (end < text_.size() && in_name(text_[end])) ++end;
  } else if (is_digit(first) || (first == '.' && rest.size() > 1 && is_digit(rest[1]))) {
    token.kind = Token::Kind::kNumber;
    end = end_of_number(text_, offset);
  } else if (rest.starts_with("<=") || rest.starts_with(">=") || rest.starts_with("<>")) {
    token.kind = Token::Kind::kSymbol;
    end = offset + 2;
  } else if (std::string_view("()=<>+-*/%^,").find(first) != std::string_view::npos) {
    token.kind = Token::Kind::kSymbol;
  } else {
    return fail_at(offset, fmt::format("\"{}\" begins nothing that CQL2 knows", first < ' ' ? '?' : first));
  }
  token.end = end;
  token.text = text_.substr(offset, end - offset);
  return token;
}

// A doubled quote, or one behind a backslash, is a quote.
Result<Token> Lexer::read_quoted(std::size_t begin, char quote) const {
  Token token{.kind = quote == '"' ? Token::Kind::kQuotedName : Token::Kind::kText, .text = {}, .offset = begin};
  for (std::size_t at = begin + 1; at < text_.size(); ++at) {
    const bool pair = at + 1 < text_.size() && text_[at + 1] == quote;
    if (pair && (text_[at] == quote || text_[at] == '\\')) {
      token.text += text_[++at];
    } else if (text_[at] == quote) {
      token.end = at + 1;
      return token;
    } else {
      token.text += text_[at];
    }
  }
  return fail_at(begin, fmt::format("the quote {} is not closed", quote));
}

std::unexpected<Error> Lexer::fail_at(std::size_t offset, std::string_view what) const {
  constexpr std::size_t kBefore = 40, kAfter = 30;
  const auto goes_on = [&](std::size_t at) {  // the character before it, in UTF-8
    return at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80;
  };
  auto begin = offset > kBefore ? offset - kBefore : 0, end = std::min(offset + kAfter, text_.size());
  while (begin > 0 && goes_on(begin)) --begin;
  while (goes_on(end)) ++end;
  std::size_t column = 1;
  for (auto at = begin; at < offset; ++at) column += goes_on(at) ? 0 : 1;
  std::string shown(text_.substr(begin, end - begin));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  return fail(ErrorKind::kInvalidArgument, "`filter`, byte {}: {}\n  {}\n  {:>{}}", offset, what, shown, "^", column);
}

}  // namespace earthcatalog::cql2
