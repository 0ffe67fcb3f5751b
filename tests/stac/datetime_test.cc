// The timestamp columns: which texts are an instant, which of them the column gives back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stac/items.h"

namespace earthcatalog::stac::testing {
namespace {

using ::testing::IsEmpty;

std::string with_datetime(std::string_view json) { return make_item(fmt::format(R"({{"datetime":{}}})", json)); }

struct Case {
  const char* json;
  const char* instant;  // null: undated
  bool kept;            // the original is in stac_extra
  bool problem = false;
};
class Datetime : public ::testing::TestWithParam<Case> {};

TEST_P(Datetime, FollowsTheRule) {
  const Case& expected = GetParam();
  const auto row = parse(with_datetime(expected.json));
  ASSERT_TRUE(row);
  if (expected.instant == nullptr) {
    EXPECT_EQ(row->item.datetime, std::nullopt);
    EXPECT_EQ(cell(*row->batch, "datetime"), "null");
  } else {
    ASSERT_TRUE(row->item.datetime);
    EXPECT_EQ(format_time(*row->item.datetime), expected.instant);
    EXPECT_NE(cell(*row->batch, "datetime"), "null");
  }
  EXPECT_EQ(cell(*row->batch, "stac_extra"),
            expected.kept ? fmt::format(R"({{"properties":{{"datetime":{}}}}})", expected.json) : "null");
  EXPECT_EQ(row->item.problems.size(), expected.problem ? 1U : 0U);
  for (const Problem& problem : row->item.problems) EXPECT_EQ(problem.kind, "datetime");
  EXPECT_EQ(round_trip(with_datetime(expected.json), SchemaKind::kItslive), "");
  EXPECT_EQ(round_trip(with_datetime(expected.json), SchemaKind::kAuto), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, Datetime,
    ::testing::Values(Case{R"("2020-01-02T03:04:05Z")", "2020-01-02T03:04:05Z", false},
                      Case{R"("2020-01-02T03:04:05.123456Z")", "2020-01-02T03:04:05.123456Z", false},
                      Case{R"("2020-01-02T03:04:05.120000000Z")", "2020-01-02T03:04:05.12Z", false},
                      Case{R"("2020-01-02T03:04:05+00:00")", "2020-01-02T03:04:05Z", false},
                      Case{R"("2020-01-01T03:04:05+14:00")", "2019-12-31T13:04:05Z", false},
                      Case{R"("2019-12-31T23:04:05-01:30")", "2020-01-01T00:34:05Z", false},
                      Case{R"("2020-01-02t03:04:05z")", "2020-01-02T03:04:05Z", false},
                      Case{R"("2020-01-02T03:04:05\u005a")", "2020-01-02T03:04:05Z", false},
                      Case{R"("0001-01-01T00:00:00Z")", "0001-01-01T00:00:00Z", false},
                      Case{R"("9999-12-31T23:59:59.999999Z")", "9999-12-31T23:59:59.999999Z", false},
                      // An instant, but the text says more than the column.
                      Case{R"("2020-01-02T03:04:05.1234567Z")", "2020-01-02T03:04:05.123456Z", true},
                      Case{R"("2020-01-02T03:04:05")", "2020-01-02T03:04:05Z", true},
                      Case{R"("2020-01-02 03:04:05Z")", "2020-01-02T03:04:05Z", true},
                      Case{R"("2020-01-02T03:04:05+0000")", "2020-01-02T03:04:05Z", true},
                      Case{R"("2020-01-02")", "2020-01-02T00:00:00Z", true},
                      Case{R"("2016-12-31T23:59:60Z")", "2017-01-01T00:00:00Z", true},
                      // No instant.
                      Case{"null", nullptr, true}, Case{R"("yesterday")", nullptr, true, true},
                      Case{R"("")", nullptr, true, true}, Case{R"("2020-02-30T00:00:00Z")", nullptr, true, true},
                      Case{R"("2020")", nullptr, true, true}, Case{R"("0000-12-31T00:00:00Z")", nullptr, true, true},
                      Case{R"("0001-01-01T00:00:00+01:00")", nullptr, true, true},
                      Case{R"("9999-12-31T23:59:59-14:00")", nullptr, true, true},
                      Case{"1577934245", nullptr, true, true}, Case{"true", nullptr, true, true},
                      Case{R"({"from":"2020"})", nullptr, true, true},
                      Case{R"(["2020-01-02T03:04:05Z"])", nullptr, true, true}));

TEST(Datetime, NullWithStartAndEnd) {
  const std::string item =
      make_item(R"({"datetime":null,"start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2020-02-01T00:00:00Z"})");
  const auto row = parse(item);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->item.datetime, std::nullopt);
  EXPECT_THAT(row->item.problems, IsEmpty());
  EXPECT_EQ(cell(*row->batch, "start_datetime"), "2020-01-01 00:00:00.000000Z");
  EXPECT_EQ(cell(*row->batch, "end_datetime"), "2020-02-01 00:00:00.000000Z");
  EXPECT_EQ(round_trip(item, SchemaKind::kItslive), "");
}

TEST(Datetime, MissingIsNoProblem) {
  const auto row = parse(make_item("{}"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->item.datetime, std::nullopt);
  EXPECT_THAT(row->item.problems, IsEmpty());
  EXPECT_EQ(cell(*row->batch, "stac_extra"), "null");
}

TEST(Datetime, OtherTimestampColumnsFollowTheSameRule) {
  for (const char* name : {"start_datetime", "end_datetime", "created", "updated"}) {
    const std::string item = make_item(fmt::format(R"({{"{}":"nonsense"}})", name));
    const auto row = parse(item);
    ASSERT_TRUE(row);
    EXPECT_EQ(cell(*row->batch, name), "null");
    ASSERT_EQ(row->item.problems.size(), 1U);
    EXPECT_EQ(row->item.problems[0].kind, "timestamp");
    EXPECT_EQ(round_trip(item, SchemaKind::kItslive), "");
    EXPECT_EQ(round_trip(make_item(fmt::format(R"({{"{}":"2020-01-02T03:04:05"}})", name)), SchemaKind::kAuto), "");
  }
}

TEST(Datetime, PropertiesWithoutColumnFollowTheSameRule) {
  // A new table's first items are read as itslive, whatever they turn out to be.
  for (const auto kind : {SchemaKind::kAuto, SchemaKind::kItslive}) {
    for (const char* value : {R"("nonsense")", "7", "[]"}) {
      const auto row = parse(make_item(fmt::format(R"({{"published":{}}})", value)), kind);
      ASSERT_TRUE(row);
      ASSERT_EQ(row->item.problems.size(), 1U) << value;
      EXPECT_EQ(row->item.problems[0].kind, "timestamp");
      EXPECT_GT(row->item.problems[0].offset, 0);
    }
    for (const char* value : {R"("2020-01-02T03:04:05Z")", "null"}) {
      const auto row = parse(make_item(fmt::format(R"({{"published":{}}})", value)), kind);
      ASSERT_TRUE(row);
      EXPECT_THAT(row->item.problems, IsEmpty()) << value;
    }
  }
}

TEST(Datetime, UpdatedIsReportedAsAnInstant) {
  const auto row = parse(make_item(R"({"updated":"2020-01-01T00:00:00+01:00"})"));
  ASSERT_TRUE(row && row->item.updated);
  EXPECT_EQ(format_time(*row->item.updated), "2019-12-31T23:00:00Z");
}

TEST(Datetime, StringColumnKeepsItsText) {
  const std::string item = make_item(R"({"mid_datetime":"2020-01-02T03:04:05.1200+00:00"})");
  EXPECT_EQ(cell(*parse(item)->batch, "mid_datetime"), "2020-01-02T03:04:05.1200+00:00");
}

}  // namespace
}  // namespace earthcatalog::stac::testing
