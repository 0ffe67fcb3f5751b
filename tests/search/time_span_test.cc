#include "earthcatalog/search/time_span.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace earthcatalog::search {
namespace {

TimeMicros at(const char* text) { return parse_time(text)->micros; }

TEST(TimeSpan, YearMonthAndDayMeanAllOfThem) {
  EXPECT_EQ(*parse_time_span("2020"), (TimeSpan{at("2020-01-01"), at("2021-01-01")}));
  EXPECT_EQ(*parse_time_span("2019-12"), (TimeSpan{at("2019-12-01"), at("2020-01-01")}));
  EXPECT_EQ(*parse_time_span("2020-02-29"), (TimeSpan{at("2020-02-29"), at("2020-03-01")}));
}

TEST(TimeSpan, InstantIsIncluded) {
  EXPECT_EQ(*parse_time_span("2020-01-01T00:00:00Z"), (TimeSpan{at("2020-01-01"), at("2020-01-01") + 1}));
  EXPECT_EQ(*parse_time_span("2019/2020-01-01T00:00:00+01:00"),
            (TimeSpan{at("2019-01-01"), at("2019-12-31T23:00:00Z") + 1}));
}

TEST(TimeSpan, DayAsAnEndIsAllOfIt) {
  EXPECT_EQ(*parse_time_span("2020-03/2020-03-05"), (TimeSpan{at("2020-03-01"), at("2020-03-06")}));
}

TEST(TimeSpan, TimeWithoutOffsetIsUtc) {
  EXPECT_EQ(*parse_time_span("2020-01-01T12:00:00"), *parse_time_span("2020-01-01T12:00:00Z"));
}

TEST(TimeSpan, EndsMayBeOpen) {
  EXPECT_EQ(*parse_time_span("2020/.."), (TimeSpan{at("2020-01-01"), std::nullopt}));
  EXPECT_EQ(*parse_time_span("/2020"), (TimeSpan{std::nullopt, at("2021-01-01")}));
}

TEST(TimeSpan, RefusesWhatIsNoTimeAndNamesIt) {
  for (const std::string text : {"", "20", "2020-13", "2020-00", "2020-02-30", "2020/2021/2022", "yesterday", "2020-1",
                                 "../..", "/", "2021/2020", "2020-01-02/2020-01-01", "+2020", "2020 "}) {
    const auto span = parse_time_span(text);
    ASSERT_FALSE(span) << text;
    EXPECT_EQ(span.error().kind, ErrorKind::kInvalidArgument) << text;
    EXPECT_NE(span.error().message.find("`datetime`"), std::string::npos) << span.error().message;
  }
}

TEST(TimeSpan, AnInstantAsBothEndsIsThatInstant) {
  EXPECT_EQ(*parse_time_span("2020-01-01T00:00:00Z/2020-01-01T00:00:00Z"), *parse_time_span("2020-01-01T00:00:00Z"));
}

TEST(ItemTimes, IntervalCountsWhereThereIsNoDatetime) {
  const TimeSpan year{at("2020-01-01"), at("2021-01-01")};
  const ItemTimes interval{std::nullopt, at("2019-06-01"), at("2020-01-01")};
  EXPECT_TRUE(meets(year, TimeField::kDatetime, interval));
  EXPECT_FALSE(meets(year, TimeField::kDatetime, {at("2019-06-01"), at("2019-06-01"), at("2020-06-01")}));
  EXPECT_TRUE(meets(year, TimeField::kInterval, {at("2019-06-01"), at("2019-06-01"), at("2020-06-01")}));
}

TEST(ItemTimes, IntervalMustReachIntoTheSpan) {
  const TimeSpan year{at("2020-01-01"), at("2021-01-01")};
  EXPECT_FALSE(meets(year, TimeField::kDatetime, {std::nullopt, at("2021-01-01"), at("2022-01-01")}));
  EXPECT_FALSE(meets(year, TimeField::kDatetime, {std::nullopt, at("2018-01-01"), at("2020-01-01") - 1}));
  EXPECT_FALSE(meets(year, TimeField::kDatetime, {std::nullopt, at("2020-06-01"), std::nullopt}));
}

TEST(ItemTimes, ItemWithoutIntervalIsFoundByItsDatetime) {
  const TimeSpan year{at("2020-01-01"), at("2021-01-01")};
  EXPECT_TRUE(meets(year, TimeField::kInterval, {at("2020-06-01"), std::nullopt, at("2018-01-01")}));
  EXPECT_FALSE(meets(year, TimeField::kInterval, {}));
}

}  // namespace
}  // namespace earthcatalog::search
