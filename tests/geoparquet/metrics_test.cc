// Counts and bounds against a slow reference, on random columns.
#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

#include "earthcatalog/geoparquet/claims.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/metadata/values.h"
#include "geoparquet/test_store.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::TypeId;

constexpr int kId = 7;

iceberg::Schema one_column(std::string name, TypeId type) {
  iceberg::Schema schema;
  schema.fields.push_back({.field_id = kId, .name = std::move(name), .type = {.id = type, .fields = {}}});
  return schema;
}

template <class Builder, class T>
std::shared_ptr<arrow::Array> array_of(Builder&& builder, const std::vector<std::optional<T>>& values) {
  for (const auto& value : values) {
    const arrow::Status status = value ? builder.Append(*value) : builder.AppendNull();
    RC_ASSERT(status.ok());
  }
  return builder.Finish().ValueOrDie();
}

// Writes the column in two batches, in row groups of five rows.
iceberg::DataFile write(const iceberg::Schema& schema, const std::shared_ptr<arrow::Array>& array) {
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field(schema.fields[0].name, array->type())}),
                                             array->length(), {array});
  const auto half = rows->num_rows() / 2;
  const auto store = std::make_shared<TestStore>();
  const auto file = write_file({store, "f"}, {rows->Slice(0, half), rows->Slice(half)}, schema, {},
                               {.row_group_rows = 5, .max_row_groups = 1'000});
  if (!file) RC_FAIL(file.error().message);
  return *file;
}

template <class T>
void check_counts(const iceberg::DataFile& file, const std::vector<std::optional<T>>& values) {
  RC_ASSERT(file.record_count == std::int64_t(values.size()));
  RC_ASSERT(file.value_counts.at(kId) == std::int64_t(values.size()));
  RC_ASSERT(file.null_value_counts.at(kId) == std::ranges::count(values, std::optional<T>()));
  RC_ASSERT(file.column_sizes.at(kId) > 0);
}

template <class T>
std::string serialized(T value) {
  return iceberg::serialize_value(value);
}

template <class T, class Builder>
void check_numbers(TypeId type, Builder&& builder, const std::vector<std::optional<T>>& values) {
  RC_PRE(!values.empty());
  const auto file = write(one_column("x", type), array_of(builder, values));
  check_counts(file, values);
  std::optional<T> lower, upper;
  std::int64_t nans = 0;
  for (const auto& value : values) {
    if (!value) continue;
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(*value)) {
        ++nans;
        continue;
      }
    }
    if (!lower || *value < *lower) lower = *value;
    if (!upper || *upper < *value) upper = *value;
  }
  if constexpr (std::is_floating_point_v<T>) {
    RC_ASSERT(file.nan_value_counts.at(kId) == nans);
    if (lower == T{0}) lower = -T{0};
    if (upper == T{0}) upper = T{0};
  } else {
    RC_ASSERT(file.nan_value_counts.empty());
  }
  RC_ASSERT(file.lower_bounds.contains(kId) == lower.has_value());
  RC_ASSERT(file.upper_bounds.contains(kId) == upper.has_value());
  if (!lower) return;
  RC_ASSERT(file.lower_bounds.at(kId) == serialized(*lower));
  RC_ASSERT(file.upper_bounds.at(kId) == serialized(*upper));
}

// Columns of values and nulls.
template <class T>
rc::Gen<std::vector<std::optional<T>>> columns_of(rc::Gen<T> values) {
  const auto some = rc::gen::map(std::move(values), [](T value) { return std::optional<T>(std::move(value)); });
  return rc::gen::container<std::vector<std::optional<T>>>(
      rc::gen::weightedOneOf<std::optional<T>>({{4, some}, {1, rc::gen::just(std::optional<T>())}}));
}

rc::Gen<double> odd_double() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return rc::gen::oneOf(rc::gen::arbitrary<double>(), rc::gen::element(std::nan(""), 0.0, -0.0, kInfinity, -kInfinity));
}

RC_GTEST_PROP(Metrics, Doubles, ()) {
  check_numbers(TypeId::kDouble, arrow::DoubleBuilder(), *columns_of(odd_double()));
}

RC_GTEST_PROP(Metrics, Longs, ()) {
  check_numbers(TypeId::kLong, arrow::Int64Builder(), *columns_of(rc::gen::arbitrary<std::int64_t>()));
}

RC_GTEST_PROP(Metrics, Ints, ()) {
  check_numbers(TypeId::kInt, arrow::Int32Builder(), *columns_of(rc::gen::arbitrary<std::int32_t>()));
}

RC_GTEST_PROP(Metrics, Times, ()) {
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  check_numbers(TypeId::kTimestampTz, arrow::TimestampBuilder(type, arrow::default_memory_pool()),
                *columns_of(rc::gen::arbitrary<std::int64_t>()));
}

RC_GTEST_PROP(Metrics, Booleans, ()) {
  check_numbers(TypeId::kBoolean, arrow::BooleanBuilder(), *columns_of(rc::gen::arbitrary<bool>()));
}

// Texts of characters that matter: ASCII, the last before and the first after the surrogates, the last of all.
rc::Gen<std::string> odd_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                          rc::gen::element<std::string>("a", "b", "z", "\x7f", "é", "\xed\x9f\xbf", "\xee\x80\x80",
                                                        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf")),
                      [](const std::vector<std::string>& characters) {
                        std::string text;
                        for (const auto& c : characters) text += c;
                        return text;
                      });
}

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

RC_GTEST_PROP(Metrics, Strings, ()) {
  const auto values = *columns_of(odd_text());
  RC_PRE(!values.empty());
  const auto file = write(one_column("x", TypeId::kString), array_of(arrow::StringBuilder(), values));
  check_counts(file, values);
  std::optional<std::string> lower, upper;
  for (const auto& value : values) {
    if (!value) continue;
    if (!lower || *value < *lower) lower = value;
    if (!upper || *upper < *value) upper = value;
  }
  RC_ASSERT(file.lower_bounds.contains(kId) == lower.has_value());
  if (!lower) {
    RC_ASSERT(!file.upper_bounds.contains(kId));
    return;
  }
  const std::string& lower_bound = file.lower_bounds.at(kId);
  RC_ASSERT(lower->starts_with(lower_bound));
  RC_ASSERT(code_points(lower_bound) == std::min<std::int64_t>(16, code_points(*lower)));
  if (code_points(*upper) <= 16) {
    RC_ASSERT(file.upper_bounds.at(kId) == *upper);
  } else if (file.upper_bounds.contains(kId)) {
    RC_ASSERT(file.upper_bounds.at(kId) > *upper);
    RC_ASSERT(code_points(file.upper_bounds.at(kId)) <= 16);
  } else {
    std::string last;
    for (int i = 0; i < 16; ++i) last += "\xf4\x8f\xbf\xbf";
    RC_ASSERT(upper->starts_with(last));
  }
}

TEST(Metrics, GeometryAndJsonHaveCountsButNoBounds) {
  for (const char* name : {"assets", "links", "bbox", "stac_extensions", "stac_extra", "geometry"}) {
    SCOPED_TRACE(name);
    const bool binary = name == std::string_view("geometry");
    std::string point(21, '\0');
    point[0] = point[1] = 1;
    const std::vector<std::optional<std::string>> values = {point, std::nullopt, point};
    const auto array = binary ? array_of(arrow::BinaryBuilder(), values) : array_of(arrow::StringBuilder(), values);
    const auto file = write(one_column(name, binary ? TypeId::kBinary : TypeId::kString), array);
    EXPECT_EQ(file.value_counts.at(kId), 3);
    EXPECT_EQ(file.null_value_counts.at(kId), 1);
    EXPECT_TRUE(file.lower_bounds.empty());
    EXPECT_TRUE(file.upper_bounds.empty());
  }
}

// A struct's members: null where the struct is null, even when a value lies underneath.
RC_GTEST_PROP(Metrics, MembersOfAStruct, (const std::vector<std::pair<bool, bool>>& rows)) {
  RC_PRE(!rows.empty());
  iceberg::Schema schema = one_column("geometry_bbox", TypeId::kStruct);
  schema.fields[0].type.fields.push_back(
      {.field_id = 70, .name = "xmin", .type = {.id = TypeId::kDouble, .fields = {}}});
  std::vector<std::optional<double>> members;
  arrow::TypedBufferBuilder<bool> validity;
  std::int64_t absent = 0, nulls = 0;
  std::optional<double> lower, upper;
  for (const auto& [present, has_value] : rows) {
    const std::optional<double> value = has_value ? std::optional(*rc::gen::arbitrary<double>()) : std::nullopt;
    members.push_back(value);
    RC_ASSERT(validity.Append(present).ok());
    absent += present ? 0 : 1;
    nulls += present && value ? 0 : 1;
    if (!present || !value) continue;
    lower = std::min(lower.value_or(*value), *value);
    upper = std::max(upper.value_or(*value), *value);
  }
  const arrow::ArrayVector children = {array_of(arrow::DoubleBuilder(), members)};
  const auto array = arrow::StructArray::Make(children, {arrow::field("xmin", arrow::float64())},
                                              validity.Finish().ValueOrDie(), absent)
                         .ValueOrDie();
  const auto file = write(schema, array);
  RC_ASSERT(!file.value_counts.contains(kId));
  RC_ASSERT(file.value_counts.at(70) == std::int64_t(rows.size()));
  RC_ASSERT(file.null_value_counts.at(70) == nulls);
  RC_ASSERT(file.lower_bounds.contains(70) == lower.has_value());
  if (!lower) return;
  RC_ASSERT(iceberg::deserialize_double(file.lower_bounds.at(70)) == *lower);
  RC_ASSERT(iceberg::deserialize_double(file.upper_bounds.at(70)) == *upper);
}

// Two rows, one of them without a bbox.
TEST(Claims, MembersOfNullStructsMayBeCountedOrNot) {
  iceberg::Schema schema = one_column("geometry_bbox", TypeId::kStruct);
  schema.fields[0].type.fields.push_back(
      {.field_id = 70, .name = "xmin", .type = {.id = TypeId::kDouble, .fields = {}}});
  const arrow::ArrayVector children = {array_of(arrow::DoubleBuilder(), std::vector<std::optional<double>>{1.0, {}})};
  arrow::TypedBufferBuilder<bool> validity;
  ASSERT_TRUE(validity.Append(true).ok() && validity.Append(false).ok());
  const auto array =
      arrow::StructArray::Make(children, {arrow::field("xmin", arrow::float64())}, validity.Finish().ValueOrDie(), 1)
          .ValueOrDie();
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("geometry_bbox", array->type())}), 2, {array});
  const auto contradictions = [&](std::int64_t values, std::int64_t nulls) {
    iceberg::DataFile file;
    file.record_count = 2;
    file.value_counts[70] = values;
    file.null_value_counts[70] = nulls;
    const auto claims = ClaimReader::make(schema).value();
    auto check = claims.check(file);
    check.add(*rows);
    return check.finish().size();
  };
  EXPECT_EQ(contradictions(2, 1), 0U);  // PyIceberg and we
  EXPECT_EQ(contradictions(1, 0), 0U);  // Java
  EXPECT_EQ(contradictions(1, 1), 1U);
  EXPECT_EQ(contradictions(2, 0), 1U);
  EXPECT_EQ(contradictions(0, 0), 2U);
}

}  // namespace
}  // namespace earthcatalog::geoparquet
