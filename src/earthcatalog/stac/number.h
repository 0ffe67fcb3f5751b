// JSON numbers (RFC 8259, section 6), read and written so that their value survives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::stac {

struct Number {
  enum class Kind : std::uint8_t {
    kInvalid,     ///< not a JSON number
    kInteger,     ///< no fraction, no exponent, fits 64 bits: `integer`
    kBigInteger,  ///< no fraction, no exponent, beyond 64 bits
    kDecimal,     ///< with fraction or exponent: its value is the nearest double, as every JSON reader has it
    kOutOfRange,  ///< no finite double is near: `real` is infinite, or zero for what is too small
  };
  Kind kind = Kind::kInvalid;
  std::int64_t integer = 0;
  double real = 0;  ///< the nearest double, for every valid kind

  /// Returns true when `real` is the value: integers only up to 2^53, where doubles have no gaps.
  bool exact_in_double() const;
  /// The value as a 64-bit integer, if it is one: also 16.0 or 1e3, up to 2^53.
  std::optional<std::int64_t> whole() const;
};

Number read_number(std::string_view token);

/// Returns true when `token` is a JSON number, without working out its value.
bool is_number(std::string_view token);

/// The shortest spelling that reads back as the finite `value`; one beyond 2^53 never looks like an integer.
void append_number(double value, std::string& out);

}  // namespace earthcatalog::stac
