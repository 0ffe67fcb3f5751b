#include "earthcatalog/iceberg/metadata/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace earthcatalog::iceberg {
namespace {

using namespace std::string_literals;

TEST(Values, AreLittleEndianAndAsWideAsTheirType) {
  EXPECT_EQ(serialize_value(true), "\1"s);
  EXPECT_EQ(serialize_value(std::int32_t{50}), "\x32\0\0\0"s);
  EXPECT_EQ(serialize_value(std::int64_t{-2}), "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(serialize_value(1.0), "\0\0\0\0\0\0\xF0\x3F"s);
  EXPECT_EQ(serialize_value("S1"), "S1"s);
}

TEST(Values, OfAnotherWidthAreNotRead) {
  EXPECT_EQ(deserialize_int("\x32\0\0"s), std::nullopt);
  EXPECT_EQ(deserialize_int("\x32\0\0\0"s), 50);
  EXPECT_EQ(deserialize_long("\x32\0\0\0"s), std::nullopt);
}

TEST(Truncation, KeepsShortValues) {
  EXPECT_EQ(truncate_lower_bound("0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(truncate_upper_bound("0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(truncate_upper_bound(""), "");
}

TEST(Truncation, CountsCodePointsNotBytes) {
  EXPECT_EQ(truncate_lower_bound("äöü", 2), "äö");
  EXPECT_EQ(truncate_upper_bound("äöü", 2), "ä÷");
}

TEST(Truncation, UpperBoundRaisesTheLastCodePointThatCanGrow) {
  EXPECT_EQ(truncate_upper_bound("abc", 2), "ac");
  EXPECT_EQ(truncate_upper_bound("a\U0010FFFFc", 2), "b");
  EXPECT_EQ(truncate_upper_bound("a\uD7FFc", 2), "a\uE000");
  EXPECT_EQ(truncate_upper_bound("a\u007Fc", 2), "a\u0080");
  EXPECT_EQ(truncate_upper_bound("\U0010FFFF\U0010FFFFc", 2), std::nullopt);
}

RC_GTEST_PROP(Truncation, EnclosesTheValueBytewise, (const std::string& any)) {
  // Valid UTF-8 of all widths, from arbitrary bytes.
  static const char* const kPoints[] = {"a", "\x7F", "ä", "߿", "ࠀ", "\uD7FF", "\uFFFF", "\U00010000", "\U0010FFFF"};
  std::string text;
  for (const char c : any) text += kPoints[static_cast<unsigned char>(c) % std::size(kPoints)];
  const std::size_t characters = *rc::gen::inRange<std::size_t>(1, 6);
  RC_ASSERT(truncate_lower_bound(text, characters) <= text);
  if (const auto upper = truncate_upper_bound(text, characters)) RC_ASSERT(*upper >= text);
}

}  // namespace
}  // namespace earthcatalog::iceberg
