#include "earthcatalog/base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace earthcatalog {
namespace {

constexpr TimeMicros kMicrosOf20180712 = 1'531'389'802'120'000;  // 2018-07-12T10:03:22.12Z

TEST(Time, ReadsRfc3339) {
  for (const auto* text : {"2018-07-12T10:03:22.12Z", "2018-07-12T10:03:22.120000Z", "2018-07-13T00:03:22.12+14:00",
                           "2018-07-12T09:03:22.12-01:00", "2018-07-12t10:03:22.12z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->micros, kMicrosOf20180712) << text;
    EXPECT_TRUE(time->exact) << text;
    EXPECT_TRUE(time->has_offset) << text;
  }
}

TEST(Time, MarksTimesThatMicrosecondsCannotHold) {
  for (const auto* text :
       {"2018-07-12T10:03:22.1234567Z", "2016-12-31T23:59:60Z", "2018-07-12T10:03:22", "2018-07-12"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_FALSE(time->exact) << text;
  }
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z")->micros, parse_time("2017-01-01T00:00:00Z")->micros);
  EXPECT_TRUE(parse_time("2018-07-12T10:03:22.1234560Z")->exact);
  EXPECT_TRUE(parse_time("2018-07-12")->date_only);
}

TEST(Time, RefusesNonsense) {
  for (const auto* text :
       {"", "nonsense", "2018", "2018-13-01", "2018-02-30T00:00:00Z", "2018-07-12T24:00:00Z", "2018-07-12T10:03:22.Z",
        "2018-07-12T10:03:22+25:00", "2018-07-12T10:03:22Zx", "2018-07-12T10:03"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(Time, TakesTheYearInUtc) {
  EXPECT_EQ(utc_year(parse_time("2019-01-01T05:00:00+14:00")->micros), 2018);
  EXPECT_EQ(utc_year(parse_time("0001-01-01T00:00:00Z")->micros), 1);
  EXPECT_EQ(utc_year(parse_time("9999-12-31T23:59:59Z")->micros), 9999);
  EXPECT_EQ(iceberg_year(parse_time("1969-12-31T23:59:59Z")->micros), -1);
}

RC_GTEST_PROP(Time, RoundTripsThroughText, ()) {
  const auto micros = *rc::gen::inRange<TimeMicros>(-62'167'219'200'000'000, 253'402'300'800'000'000);
  const auto text = format_time(micros);
  const auto back = parse_time(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->micros == micros);
  RC_ASSERT(back->exact);
}

}  // namespace
}  // namespace earthcatalog
