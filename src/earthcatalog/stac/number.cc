#include "earthcatalog/stac/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace earthcatalog::stac {
namespace {

constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;

// Powers of ten that doubles hold exactly.
constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct Shape {
  bool valid = false, negative = false, fraction_or_exponent = false, exponent = false;
  std::uint64_t mantissa = 0;  // all digits but the exponent's; right when there are at most 19
  std::size_t digits = 0, fraction_digits = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* p, const char* end, std::uint64_t& mantissa) {
  for (; p != end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
  return p;
}

// "e+12" at `p`, to the end: whether it is one.
bool is_exponent(const char* p, const char* end) {
  ++p;
  if (p != end && (*p == '+' || *p == '-')) ++p;
  const char* first = p;
  while (p != end && is_digit(*p)) ++p;
  return p == end && p != first;
}

Shape scan(std::string_view token) {
  Shape shape;
  const char* p = token.data();
  const char* const end = p + token.size();
  if (p != end && *p == '-') {
    shape.negative = true;
    ++p;
  }
  const char* first = p;
  p = skip_digits(p, end, shape.mantissa);
  shape.digits = static_cast<std::size_t>(p - first);
  if (shape.digits == 0 || (*first == '0' && shape.digits > 1)) return shape;
  if (p != end && *p == '.') {
    first = ++p;
    p = skip_digits(p, end, shape.mantissa);
    shape.fraction_digits = static_cast<std::size_t>(p - first);
    if (shape.fraction_digits == 0) return shape;
    shape.digits += shape.fraction_digits;
    shape.fraction_or_exponent = true;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    if (!is_exponent(p, end)) return shape;
    shape.exponent = shape.fraction_or_exponent = true;
    p = end;
  }
  shape.valid = p == end;
  return shape;
}

bool has_nonzero_digit(std::string_view token) {
  return token.substr(0, token.find_first_of("eE")).find_first_of("123456789") != std::string_view::npos;
}

// The general, slower way; `real` and kOutOfRange.
void read_real(std::string_view token, Number& number) {
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number.real);
  if (error == std::errc() && std::isfinite(number.real) && (number.real != 0 || !has_nonzero_digit(token))) return;
  if (error == std::errc::result_out_of_range || !std::isfinite(number.real)) {
    // from_chars does not say whether the number is too large or too small.
    const std::size_t mark = token.find_first_of("eE");
    const bool small =
        mark != std::string_view::npos ? token[mark + 1] == '-' : token.find('.') != std::string_view::npos;
    number.real = small ? 0.0 : std::numeric_limits<double>::infinity();
    if (token.front() == '-') number.real = -number.real;
  }
  number.kind = Number::Kind::kOutOfRange;
}

}  // namespace

bool Number::exact_in_double() const {
  if (kind == Kind::kInteger) return integer >= -kTwoTo53 && integer <= kTwoTo53;
  return kind == Kind::kDecimal;
}

std::optional<std::int64_t> Number::whole() const {
  if (kind == Kind::kInteger) return integer;
  if (kind != Kind::kDecimal || std::abs(real) > static_cast<double>(kTwoTo53) || real != std::trunc(real)) return {};
  return static_cast<std::int64_t>(real);
}

Number read_number(std::string_view token) {
  Number number;
  const Shape shape = scan(token);
  if (!shape.valid) return number;
  if (!shape.fraction_or_exponent) {
    number.kind = Number::Kind::kInteger;
    if (shape.digits <= 18) {
      number.integer =
          shape.negative ? -static_cast<std::int64_t>(shape.mantissa) : static_cast<std::int64_t>(shape.mantissa);
      number.real = shape.negative ? -static_cast<double>(shape.mantissa) : static_cast<double>(shape.mantissa);
      return number;
    }
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number.integer);
    if (error != std::errc()) number.kind = Number::Kind::kBigInteger;
    read_real(token, number);
    return number;
  }
  number.kind = Number::Kind::kDecimal;
  // Both operands are exact, so the one rounding of the division gives the nearest double.
  if (!shape.exponent && shape.digits <= 19 && shape.mantissa <= static_cast<std::uint64_t>(kTwoTo53)) {
    number.real = static_cast<double>(shape.mantissa) / kPowersOfTen[shape.fraction_digits];
    if (shape.negative) number.real = -number.real;
    return number;
  }
  read_real(token, number);
  return number;
}

bool is_number(std::string_view token) { return scan(token).valid; }

void append_number(double value, std::string& out) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  const std::string_view spelled(text.data(), static_cast<std::size_t>(end - text.data()));
  out += spelled;
  if (std::abs(value) > static_cast<double>(kTwoTo53) && spelled.find_first_of(".e") == std::string_view::npos)
    out += ".0";
}

}  // namespace earthcatalog::stac
