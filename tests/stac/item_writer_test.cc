// Rows that are not ours: of the peer's files, of PyIceberg, with columns missing or of other Arrow types.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stac/items.h"

namespace earthcatalog::stac::testing {
namespace {

using ::testing::HasSubstr;

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_of(Builder builder, const Value& value) {
  EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> text(std::string_view value) { return array_of(arrow::StringBuilder(), value); }

std::shared_ptr<arrow::RecordBatch> row(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, values] : columns) {
    fields.push_back(arrow::field(name, values->type()));
    arrays.push_back(values);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 1, arrays);
}

std::string error_of(const std::shared_ptr<arrow::RecordBatch>& batch) {
  std::string out = "before";
  const Status status = ItemWriter(batch).append_json(0, out);
  EXPECT_EQ(out, "before");
  return status ? "" : status.error().message;
}

TEST(ItemWriter, WritesOneMinifiedObject) {
  EXPECT_EQ(rebuild(parse(make_item())->batch),
            R"({"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"assets":{},"links":[],)"
            R"("stac_version":"1.0.0","collection":"c","properties":{"datetime":"2020-01-02T03:04:05Z"}})");
}

TEST(ItemWriter, RowsWithoutOurColumns) {
  const auto peer = row({{"id", text("a")},
                         {"grid_partition", text("81")},
                         {"datetime", array_of(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                                                       arrow::default_memory_pool()),
                                               1'500'000)},
                         {"percent_valid_pixels", array_of(arrow::Int64Builder(), 5)},
                         {"assets", text(R"({ "data": { "href": "x" } })")},
                         {"type", std::make_shared<arrow::NullArray>(1)}});
  EXPECT_EQ(
      rebuild(peer),
      R"({"type":"Feature","id":"a","assets":{"data":{"href":"x"}},"properties":{"datetime":"1970-01-01T00:00:01.5Z","percent_valid_pixels":5}})");
}

TEST(ItemWriter, RowsWhoseExtraIsNull) {
  arrow::StringBuilder extra;
  ASSERT_TRUE(extra.AppendNull().ok());
  EXPECT_EQ(rebuild(row({{"id", text("a")}, {"stac_extra", extra.Finish().ValueOrDie()}})),
            R"({"type":"Feature","id":"a","properties":{}})");
}

TEST(ItemWriter, OtherArrowTypesOfTheSameMeaning) {
  const auto stamp = [](arrow::TimeUnit::type unit, std::int64_t count) {
    return array_of(arrow::TimestampBuilder(arrow::timestamp(unit, "UTC"), arrow::default_memory_pool()), count);
  };
  const auto batch = row({{"id", array_of(arrow::LargeStringBuilder(), "a")},
                          {"i", array_of(arrow::Int32Builder(), -7)},
                          {"f", array_of(arrow::FloatBuilder(), 0.5F)},
                          {"nan", array_of(arrow::DoubleBuilder(), std::nan(""))},
                          {"b", array_of(arrow::BooleanBuilder(), false)},
                          {"v", array_of(arrow::StringViewBuilder(), "q\"\x01")},
                          {"s", stamp(arrow::TimeUnit::SECOND, -1)},
                          {"ms", stamp(arrow::TimeUnit::MILLI, 1)},
                          {"ns", stamp(arrow::TimeUnit::NANO, -1)}});
  EXPECT_EQ(rebuild(batch),
            R"({"type":"Feature","id":"a","properties":{"i":-7,"f":0.5,"nan":null,"b":false,"v":"q\"\u0001",)"
            R"("s":"1969-12-31T23:59:59Z","ms":"1970-01-01T00:00:00.001Z","ns":"1969-12-31T23:59:59.999999Z"}})");
}

TEST(ItemWriter, ExtraWinsOverColumns) {
  const auto batch =
      row({{"id", text("a")},
           {"bbox", text("[1]")},
           {"platform", text("p")},
           {"stac_extra", text(R"({ "b\u0062ox": [2], "properties": {"pl\u0061tform": 1, "x": [ ] } })")}});
  EXPECT_EQ(rebuild(batch), R"({"type":"Feature","id":"a","b\u0062ox":[2],"properties":{"pl\u0061tform":1,"x":[]}})");
}

TEST(ItemWriter, SaysWhichColumnIsBad) {
  const auto with = [](const char* column, std::string_view value) {
    return row({{"id", text("a")}, {column, text(value)}});
  };
  EXPECT_THAT(error_of(with("assets", "{'data': 1}")), HasSubstr("row 0: column assets"));
  EXPECT_THAT(error_of(with("assets", "")), HasSubstr("column assets"));
  EXPECT_THAT(error_of(with("links", "[1,2")), HasSubstr("column links"));
  EXPECT_THAT(error_of(with("links", "[1]]")), HasSubstr("column links"));
  EXPECT_THAT(error_of(with("bbox", "null")), HasSubstr("column bbox"));
  EXPECT_THAT(error_of(with("geometry", "POINT (1 2)")), HasSubstr("column geometry"));
  for (const char* extra : {"[]", "5", "{\"a\":}", "{\"a\":1} x", "{\"properties\":5}", "{", "{\"a\":[1}"}) {
    EXPECT_THAT(error_of(with("stac_extra", extra)), HasSubstr("column stac_extra")) << extra;
  }
  EXPECT_THAT(error_of(row({{"id", text("a")}, {"d", array_of(arrow::Date32Builder(), 5)}})),
              HasSubstr("column d is date32"));
}

}  // namespace
}  // namespace earthcatalog::stac::testing
