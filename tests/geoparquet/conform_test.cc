#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "earthcatalog/geoparquet/reader.h"
#include "geoparquet/sample_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::TypeId;
using testing::HasSubstr;

std::shared_ptr<arrow::Field> with_id(const std::shared_ptr<arrow::Field>& field, int id) {
  return field->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

iceberg::Schema schema_of(std::initializer_list<iceberg::NestedField> fields) {
  iceberg::Schema schema;
  schema.fields = fields;
  return schema;
}

iceberg::NestedField wanted(int id, std::string name, TypeId type) {
  return {.field_id = id, .name = std::move(name), .type = {.id = type, .fields = {}}};
}

std::shared_ptr<arrow::Array> longs(const std::vector<std::int64_t>& values) {
  arrow::Int64Builder builder;
  (void)builder.AppendValues(values);
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> batch(const arrow::FieldVector& fields, const arrow::ArrayVector& columns) {
  return arrow::RecordBatch::Make(arrow::schema(fields), columns.front()->length(), columns);
}

TEST(Conform, RowsInShapeStayAsTheyAre) {
  const auto rows = itslive_rows(10);
  const auto result = conform(rows->Slice(3, 4), itslive_schema());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE((*result)->Equals(*rows->Slice(3, 4)));
  EXPECT_TRUE((*result)->ValidateFull().ok());
}

TEST(Conform, FieldIdsOutrankNames) {
  const auto rows =
      batch({with_id(arrow::field("old", arrow::int64()), 2), with_id(arrow::field("a", arrow::int64()), 9)},
            {longs({1, 2}), longs({3, 4})});
  const auto result =
      conform(rows, schema_of({wanted(1, "a", TypeId::kLong), wanted(2, "new", TypeId::kLong)})).value();
  EXPECT_EQ(result->column(0)->null_count(), 2);
  EXPECT_TRUE(result->column(1)->Equals(longs({1, 2})));
  EXPECT_EQ(result->schema()->field(1)->name(), "new");
  EXPECT_EQ(result->schema()->field(1)->metadata(), nullptr);
}

TEST(Conform, WithoutFieldIdsNamesDecideAndOrderDoesNot) {
  const auto rows = batch(
      {arrow::field("b", arrow::int64()), arrow::field("extra", arrow::int64()), arrow::field("a", arrow::int64())},
      {longs({1}), longs({2}), longs({3})});
  const auto result = conform(rows, schema_of({wanted(1, "a", TypeId::kLong), wanted(2, "b", TypeId::kLong)})).value();
  EXPECT_EQ(result->num_columns(), 2);
  EXPECT_TRUE(result->column(0)->Equals(longs({3})));
  EXPECT_TRUE(result->column(1)->Equals(longs({1})));
}

TEST(Conform, ConvertsValuesWhenNothingIsLost) {
  const auto cast = [](const std::shared_ptr<arrow::Array>& from, const std::shared_ptr<arrow::DataType>& to) {
    return arrow::compute::Cast(*from, to).ValueOrDie();
  };
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.AppendValues({"x", "é"}).ok());
  const auto text = builder.Finish().ValueOrDie();
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto micros = longs({1'000, 2'000'000})->View(utc).ValueOrDie();
  const std::vector<std::tuple<TypeId, std::shared_ptr<arrow::Array>, std::shared_ptr<arrow::Array>>> cases = {
      {TypeId::kLong, cast(longs({1, 2}), arrow::int32()), longs({1, 2})},
      {TypeId::kLong, cast(longs({1, 2}), arrow::float64()), longs({1, 2})},
      {TypeId::kDouble, cast(longs({1, 2}), arrow::float32()), cast(longs({1, 2}), arrow::float64())},
      {TypeId::kString, cast(text, arrow::large_utf8()), text},
      {TypeId::kString, cast(text, arrow::utf8_view()), text},
      {TypeId::kString, cast(text, arrow::dictionary(arrow::int32(), arrow::utf8())), text},
      {TypeId::kBinary, cast(text, arrow::large_binary()), cast(text, arrow::binary())},
      {TypeId::kTimestampTz, longs({1'000, 2'000'000})->View(arrow::timestamp(arrow::TimeUnit::MICRO)).ValueOrDie(),
       micros},
      {TypeId::kTimestampTz,
       longs({1'000, 2'000'000})->View(arrow::timestamp(arrow::TimeUnit::MICRO, "Etc/UTC")).ValueOrDie(), micros},
      {TypeId::kTimestampTz, longs({1, 2'000})->View(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC")).ValueOrDie(),
       micros},
      {TypeId::kTimestampTz, longs({1, 2'000})->View(arrow::timestamp(arrow::TimeUnit::MILLI)).ValueOrDie(), micros},
      {TypeId::kTimestampTz,
       longs({1'000'000, 2'000'000'000})->View(arrow::timestamp(arrow::TimeUnit::NANO, "UTC")).ValueOrDie(), micros},
  };
  for (const auto& [type, from, to] : cases) {
    SCOPED_TRACE(from->type()->ToString());
    const auto result = conform(batch({arrow::field("a", from->type())}, {from}), schema_of({wanted(1, "a", type)}));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE((*result)->column(0)->Equals(to)) << (*result)->column(0)->ToString();
  }
}

TEST(Conform, LossyConversionIsAnErrorThatNamesTheColumn) {
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.Append(1.5).ok());
  const auto half = builder.Finish().ValueOrDie();
  const auto nanos = longs({1})->View(arrow::timestamp(arrow::TimeUnit::NANO, "UTC")).ValueOrDie();
  for (const auto& [type, values] :
       {std::pair(TypeId::kLong, half), std::pair(TypeId::kTimestampTz, nanos), std::pair(TypeId::kStruct, half)}) {
    const auto result =
        conform(batch({arrow::field("a", values->type())}, {values}), schema_of({wanted(1, "a", type)}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(result.error().message, HasSubstr("\"a\""));
  }
}

TEST(Conform, MissingColumnsAreNullUnlessRequired) {
  const auto rows = batch({arrow::field("x", arrow::int64())}, {longs({1, 2, 3})});
  auto schema = itslive_schema();
  const auto result = conform(rows, schema).value();
  EXPECT_EQ(result->num_columns(), 31);
  EXPECT_EQ(result->num_rows(), 3);
  for (const auto& column : result->columns()) EXPECT_EQ(column->null_count(), 3);
  schema.fields[0].required = true;
  EXPECT_THAT(conform(rows, schema).error().message, HasSubstr("\"id\""));
}

TEST(Conform, MembersOfStructsAreMatchedLikeColumns) {
  auto schema = schema_of({wanted(1, "box", TypeId::kStruct)});
  schema.fields[0].type.fields = {wanted(2, "x", TypeId::kDouble), wanted(3, "y", TypeId::kDouble)};
  const auto type = arrow::struct_({with_id(arrow::field("renamed", arrow::float32()), 3)});
  arrow::FloatBuilder builder;
  ASSERT_TRUE(builder.AppendValues({1, 2, 3, 4}).ok());
  const auto validity = arrow::Buffer::FromString("\x0d");  // the second is null
  const auto boxes =
      std::make_shared<arrow::StructArray>(type, 4, arrow::ArrayVector{builder.Finish().ValueOrDie()}, validity);
  const auto rows = batch({with_id(arrow::field("box", type), 1)}, {boxes})->Slice(1, 3);
  const auto result = conform(rows, schema).value();
  ASSERT_TRUE(result->ValidateFull().ok());
  const auto& box = static_cast<const arrow::StructArray&>(*result->column(0));
  EXPECT_TRUE(box.IsNull(0));
  EXPECT_TRUE(box.IsValid(1));
  EXPECT_EQ(box.field(0)->null_count(), 3);
  EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*box.field(1)).Value(2), 4);
}

}  // namespace
}  // namespace earthcatalog::geoparquet
