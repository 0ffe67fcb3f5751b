#include "earthcatalog/stac/number.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace earthcatalog::stac {
namespace {

using Kind = Number::Kind;

TEST(Number, Grammar) {
  for (const char* text :
       {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "NaN", "Infinity", "0x1", "1 ", "--1", "1.2.3"}) {
    EXPECT_EQ(read_number(text).kind, Kind::kInvalid) << text;
    EXPECT_FALSE(is_number(text)) << text;
  }
  for (const char* text :
       {"0", "-0", "10", "1.0", "1e5", "1E-5", "-1.25e+10", "1e999", "123456789012345678901234567890"}) {
    EXPECT_NE(read_number(text).kind, Kind::kInvalid) << text;
    EXPECT_TRUE(is_number(text)) << text;
  }
}

TEST(Number, Integers) {
  EXPECT_EQ(read_number("9223372036854775807").integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read_number("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read_number("9223372036854775808").kind, Kind::kBigInteger);
  EXPECT_EQ(read_number("-0").integer, 0);
  EXPECT_TRUE(std::signbit(read_number("-0").real));
}

TEST(Number, ExactInADoubleUpToTwoTo53) {
  EXPECT_TRUE(read_number("9007199254740992").exact_in_double());
  EXPECT_TRUE(read_number("-9007199254740992").exact_in_double());
  EXPECT_FALSE(read_number("9007199254740993").exact_in_double());
  EXPECT_FALSE(read_number("10000000000000000000000").exact_in_double());
  EXPECT_TRUE(read_number("1e22").exact_in_double());
}

TEST(Number, NumbersThatNoDoubleHolds) {
  EXPECT_EQ(read_number("1e999").kind, Kind::kOutOfRange);
  EXPECT_EQ(read_number("-1e999").real, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read_number("1e-999").kind, Kind::kOutOfRange);
  EXPECT_EQ(read_number("1e-999").real, 0.0);
  EXPECT_EQ(read_number("0e-999").kind, Kind::kDecimal);
  EXPECT_EQ(read_number("0.0e999").kind, Kind::kDecimal);
  EXPECT_EQ(read_number(std::string(400, '9')).kind, Kind::kOutOfRange);
  EXPECT_TRUE(std::isinf(read_number(std::string(400, '9')).real));
  EXPECT_EQ(read_number("0." + std::string(400, '0') + "1").real, 0.0);
  EXPECT_EQ(read_number("0." + std::string(400, '0') + "1").kind, Kind::kOutOfRange);
}

TEST(Number, Whole) {
  EXPECT_EQ(read_number("16.0").whole(), 16);
  EXPECT_EQ(read_number("1e3").whole(), 1000);
  EXPECT_EQ(read_number("-0.0").whole(), 0);
  EXPECT_EQ(read_number("16.5").whole(), std::nullopt);
  EXPECT_EQ(read_number("9007199254740993.0").whole(), 9007199254740992);  // the nearest double, as with every decimal
  EXPECT_EQ(read_number("1e17").whole(), std::nullopt);
  EXPECT_EQ(read_number("100000000000000000").whole(), 100000000000000000);
}

RC_GTEST_PROP(Number, ReadsWhatStrtodReads, ()) {
  const auto digits = *rc::gen::container<std::string>(rc::gen::inRange('0', ':'));
  const auto fraction = *rc::gen::container<std::string>(rc::gen::inRange('0', ':'));
  std::string text = *rc::gen::element(std::string(""), std::string("-")) + "1" + digits + "." + fraction + "0";
  if (*rc::gen::arbitrary<bool>()) text += "e" + std::to_string(*rc::gen::inRange(-200, 200));
  const Number number = read_number(text);
  RC_ASSERT(number.real == std::strtod(text.c_str(), nullptr));
}

RC_GTEST_PROP(Number, WritesWhatReadsBack, (std::uint64_t bits)) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  RC_PRE(std::isfinite(value));
  std::string text;
  append_number(value, text);
  const Number number = read_number(text);
  RC_ASSERT(number.exact_in_double());
  RC_ASSERT(number.real == value);
}

}  // namespace
}  // namespace earthcatalog::stac
