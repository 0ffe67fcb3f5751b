// CQL2 text to tokens. Internal to the module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::cql2 {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kName, kQuotedName, kText, kNumber, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;  ///< without quotes
  std::size_t offset = 0, end = 0;

  bool is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  /// True for a name of these letters, whatever their case.
  bool is_word(std::string_view upper) const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// Reads the token that begins at or after `offset`. kInvalidArgument: a text or name without its closing quote, or a
  /// byte that begins no token.
  Result<Token> read(std::size_t offset) const;

  /// An error of the text: `what` was expected or is wrong at byte `offset`, shown by a caret.
  std::unexpected<Error> fail_at(std::size_t offset, std::string_view what) const;
  std::string_view text() const { return text_; }

 private:
  Result<Token> read_quoted(std::size_t begin, char quote) const;
  std::string_view text_;
};

}  // namespace earthcatalog::cql2
